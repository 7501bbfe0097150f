"""What is kept of sheets: each thing once, nothing lost without a word, and what no column speaks of stands."""

from datetime import date
from typing import Any

import pytest
from county import County
from rosters import hand_in, id_number, line, sheets, table, take
from sqlalchemy import delete, select

from hongzhu.calendar import SchoolCalendar
from hongzhu.testing.examples import TERM
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.calendar import service
from hongzhu_registry.calendar.models import CalendarVersion
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import take_in
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.schools.models import School
from hongzhu_registry.supporters.models import Supporter

pytestmark = pytest.mark.usefixtures("county")

SCHOOLS = "学校标识码|学校名称|乡镇街道|城乡|学段|寄宿制|开展课后服务|留守儿童之家|亲情室"
OF_ONE = id_number(1)


def rows(*columns: Any, **where: Any) -> list[Any]:
    with database.transaction() as session:
        statement = select(*columns).order_by(*columns)
        return [tuple(row) for row in session.execute(statement.filter_by(**where))]


def refused(result: Result) -> list[tuple[str, int | None]]:
    return [(each.reason.code, each.row) for each in result.rejected]


def test_a_school_listed_twice_in_the_same_words_is_one_school() -> None:
    result = take(table(SCHOOLS, *["7|红岭小学|燕东|农村|小学|是|是|是|是"] * 2))
    assert (result.accepted["schools"], result.rejected) == (1, [])


def test_a_school_listed_twice_in_other_words_is_sent_back_and_everything_else_is_taken_in() -> None:
    listed = table(
        SCHOOLS,
        "7|红岭小学|燕东|农村|小学|是|是|是|是",
        "7|石桥小学|燕东|农村|小学|是|是|是|是",
        "8|北门小学|燕东|农村|小学|是|是|是|是",
    )
    result = take(listed, table("学校标识码|姓名|职务", "8|李丽|班主任"))
    assert refused(result) == [("told_otherwise", 3)]
    assert "2" in result.rejected[0].reason.text()
    assert (result.accepted["schools"], result.accepted["staff"]) == (2, 1)
    assert rows(School.name, id="7") == [("红岭小学",)]


def test_a_list_without_a_column_leaves_what_is_known_of_a_school() -> None:
    take(table(SCHOOLS, "7|红岭小学|燕东|城区|小学|是|是|是|是"))
    columns = School.town, School.urban, School.boarding, School.after_school, School.has_home, School.has_call_room
    before = rows(*columns, id="7")
    sums = table("学校标识码|学校名称|学段|留守儿童人数|男|女", "7|红岭小学|小学|20|11|9")
    assert (take(sums).unchanged["schools"], rows(*columns, id="7")) == (1, before)
    assert before == [("燕东", True, True, True, True, True)]
    renamed = table("学校标识码|学校名称|学段", "7|红岭中心小学|小学")
    assert (take(renamed).changed["schools"], rows(*columns, id="7")) == (1, before)


TOLD_TWICE = pytest.mark.parametrize(
    ("header", "one", "other"),
    [
        ("学校名称|姓名|职务|任教年级|任教班级", "school-own小学|李丽|班主任|3|2班", "school-own小学|李丽|德育主任||"),
        ("姓名|身份证号|检测日期|学科|成绩", f"|{OF_ONE}|2020-07-09|语文|90", f"|{OF_ONE}|2020-07-09|语文|30"),
        ("身份证号|教师|日期|交通补贴|伙食补贴", f"{OF_ONE}|李丽|2020-07-09|20|10", f"{OF_ONE}|李丽|2020-07-09|5|0"),
        ("身份证号|转介日期|事由|接收单位", f"{OF_ONE}|2020-07-09|失眠|医院", f"{OF_ONE}|2020-07-09|厌学|医院"),
        ("文号|标题|发文单位", "1号|通知|教育局", "1号|办法|教育局"),
    ],
)


@TOLD_TWICE
def test_a_row_that_says_something_else_of_what_an_earlier_row_told_is_sent_back(
    header: str, one: str, other: str
) -> None:
    hand_in(a=[line(1)])
    result = take(table(header, one, one, other))
    assert refused(result) == [("told_otherwise", 4)]
    assert result.accepted.total() == 1
    again = take(table(header, one))
    assert (again.stored, again.unchanged.total()) == (0, 1)


@TOLD_TWICE
def test_what_two_sheets_of_one_import_tell_otherwise_is_sent_back_and_the_same_again_changes_nothing(
    header: str, one: str, other: str
) -> None:
    hand_in(a=[line(1)])
    files = [("甲.xlsx", sheets(table(header, one))), ("乙.xlsx", sheets(table(header, one), table(header, other)))]
    for stored in (1, 0):
        result = take_in(files, lambda *_: None)
        [finding] = result.rejected
        assert (finding.file, finding.sheet, finding.row) == ("乙.xlsx", "Sheet1", 2)
        assert finding.reason.code == "told_otherwise_elsewhere"
        assert finding.reason.params == {"file": "乙.xlsx", "sheet": "Sheet", "row": 2}
        assert result.stored == stored


def test_two_lists_that_tell_different_columns_of_a_school_both_count_and_one_that_differs_does_not() -> None:
    stages, towns = table("学校标识码|学校名称|学段", "7|红岭小学|小学"), table(SCHOOLS[:15], "7|红岭小学|燕东")
    towns[0].append("城乡")
    towns[1].append("农村")
    for stored in (2, 0):
        result = take(stages, towns)
        assert (refused(result), result.stored) == ([], stored)
    assert rows(School.stage, School.town, id="7") == [("primary", "燕东")]
    renamed = table("学校标识码|学校名称|学段", "7|石桥小学|小学")
    assert refused(take(stages, towns, renamed)) == [("told_otherwise_elsewhere", 2)]
    assert rows(School.name, id="7") == [("红岭小学",)]


def test_a_supporter_whom_two_sheets_tell_otherwise_is_as_the_first_tells() -> None:
    head = "单位|类别|姓名|联系电话|审核状态"
    told = [table(head, f"关爱会|爱心家长|陈妈|13950000022|{status}") for status in ("已审核", "未通过")]
    result = take(*told)
    assert refused(result) == [("told_otherwise_elsewhere", 2)]
    assert rows(Supporter.vetted, Supporter.rejected, name="陈妈") == [(True, False)]


def test_of_a_row_that_is_sent_back_for_one_mark_no_mark_is_kept() -> None:
    hand_in(a=[line(1)])
    result = take(table("身份证号|检测日期|语文|数学", f"{OF_ONE}|2020-07-09|90|", f"{OF_ONE}|2020-07-09|30|70"))
    assert refused(result) == [("told_otherwise", 3)]
    assert rows(Assessment.subject, Assessment.mark, tested_on=date(2020, 7, 9)) == [("语文", 90)]


def test_homes_of_one_name_in_two_towns_are_two() -> None:
    homes = table("单位|类别|名称|乡镇街道", "妇联|留守儿童之家|儿童之家|燕东", "妇联|留守儿童之家|儿童之家|燕西")
    assert take(homes).accepted["facilities"] == 2
    assert take(homes).unchanged["facilities"] == 2
    assert rows(Facility.town, organisation="妇联") == [("燕东",), ("燕西",)]


def test_two_schools_activity_of_one_name_on_one_day_is_two() -> None:
    held = table("学校名称|活动名称|日期", "school-own小学|集体生日|2020-11-02", "school-other小学|集体生日|2020-11-02")
    assert take(held).accepted["activities"] == 2
    assert take(held).unchanged["activities"] == 2


@pytest.mark.parametrize("name", ["青石县红岭小学", "红岭 小学", "红岭小学(终稿)"])
def test_a_school_is_known_with_its_county_before_its_name(name: str) -> None:
    take(table("学校标识码|学校名称|学段", "2135000001|红岭小学|小学", "2135000002|石桥镇中心小学|小学"))
    result = take([["姓名", "身份证号", "年级", "学校名称"], ["张文甲", OF_ONE, "3", name]])
    assert (refused(result), rows(Child.school_id, name="张文甲")) == ([], [("2135000001",)])


def test_a_name_that_only_ends_alike_is_no_school_that_is_known() -> None:
    take(table("学校标识码|学校名称|学段", "2135000001|石桥镇中心小学|小学", "2135000002|城关镇中心小学|小学"))
    result = take(
        [
            ["姓名", "身份证号", "年级", "学校名称"],
            ["张文甲", OF_ONE, "3", "中心小学"],
            ["张文乙", id_number(2), "3", "西中心小学"],
        ]
    )
    assert [code for code, _ in refused(result)] == ["school_unknown"] * 2


def test_a_home_whose_town_is_filled_in_later_stays_one() -> None:
    take(table("单位|类别|名称|状态", "市妇联|儿童之家|阳光之家|在建"))
    for _ in range(2):
        take(table("单位|类别|名称|乡镇|状态", "市妇联|儿童之家|阳光之家|燕东|已建成"))
        with database.transaction() as session:
            found = session.execute(select(Facility.town, Facility.status).where(Facility.name == "阳光之家")).all()
        assert [tuple(each) for each in found] == [("燕东", "built")]


def test_a_calendar_of_which_nothing_can_be_taken_is_none() -> None:
    with database.transaction() as session:
        session.execute(delete(CalendarVersion))
    result = take(table("类别|名称|开始日期|结束日期|学校名称", "例外|运动会|2020-10-20|2020-10-20|没有的学校"))
    with database.transaction() as session:
        assert (len(result.rejected), service.current(session)) == (1, None)


def test_what_was_corrected_since_stays_so_when_the_same_list_is_handed_in_again(county: County) -> None:
    hand_in(a=[line(1, 姓名="王二")])
    referred = table(
        "学校名称|儿童姓名|身份证号|转介日期|接收单位|接收日期|辅导日期",
        f"school-own小学|王二|{id_number(1)}|2020-11-02|关爱会|2020-11-03|2020-11-16",
    )
    take(referred)
    with database.transaction() as session:
        child_id = session.scalars(select(Child.id).where(Child.name == "王二")).one()
        referral = session.scalars(select(Referral.id).where(Referral.child_id == child_id)).one()
    sent = {"counselled_on": "2020-11-18"}
    assert county.ask("bureau", "PATCH", f"/referrals/{referral}", sent, If_Match="*").status_code == 200
    assert take(referred).unchanged["referrals"] == 1
    with database.transaction() as session:
        done = session.scalars(select(Evidence.done_on).where(Evidence.id == referral)).one()
    assert str(done) == "2020-11-18"


def test_two_teachers_of_one_name_told_apart_by_telephone_are_two() -> None:
    staff = table("学校名称|姓名|职务|联系电话", *(f"school-own小学|李丽|班主任|1395000001{n}" for n in (1, 2)))
    assert take(staff).accepted["staff"] == 2
    assert rows(Supporter.name, name="李丽") == [("李丽",)] * 2


def test_a_list_that_names_its_school_only_in_the_title_is_that_schools() -> None:
    group = [
        ["关爱留守儿童领导小组 学校:school-own小学"],
        *table("级别|职务|姓名|成立日期", "校级|组长|张校|2020-09-01"),
    ]
    events = [["活动台账 学校:school-own小学"], *table("活动名称|日期|地点|参与人数", "集体生日|2020-11-02|操场|20")]
    assert take(group, events).rejected == []
    assert rows(Leader.name, school_id="school-own") == [("张校",)]
    assert rows(Evidence.kind, subject_id="school-own") == [("birthday",), ("leading_group",)]
    citys = [["单位:教育局"], *table("级别|职务|姓名|成立日期", "市级|组长|李局|2020-09-01")]
    assert take(citys).rejected == []
    assert rows(Leader.school_id, name="李局") == [(None,)]


def test_an_activity_of_a_school_that_is_not_known_is_sent_back_and_an_agencys_has_none() -> None:
    header = "学校名称|活动名称|日期|地点"
    result = take(table(header, "无名小学|集体生日|2020-11-02|操场", "|禁毒讲座|2020-11-03|school-own小学"))
    assert refused(result) == [("school_unknown", 2)]
    agencys = [["填报单位:市妇联"], *table("活动名称|日期|地点|参与人数", "交通讲座|2020-11-04|广场|20")]
    assert take(agencys).rejected == []
    assert rows(Activity.name, Activity.school_id, held_on=date(2020, 11, 3)) == [("禁毒讲座", "school-own")]
    assert rows(Activity.name, Activity.school_id, held_on=date(2020, 11, 4)) == [("交通讲座", None)]


def test_who_came_is_told_by_the_activitys_name_and_the_childs() -> None:
    hand_in(a=[line(1, 姓名="王二"), line(2, 姓名="张三")])
    take(
        table(
            "学校名称|活动名称|日期",
            "school-own小学|集体生日|2020-11-02",
            "school-other小学|集体生日|2020-11-03",
            "|禁毒讲座|2020-11-04",
            "|交通讲座|2020-11-05",
            "|交通讲座|2020-11-06",
        )
    )
    came = table(
        "学校名称|活动名称|儿童姓名|身份证号|到场",
        "school-own小学|集体生日|王二||是",
        "school-own小学|集体生日|张三||是",
        f"|禁毒讲座|张三|{id_number(2)}|是",
        f"|交通讲座|张三|{id_number(2)}|是",
        f"|法治讲座|张三|{id_number(2)}|是",
        "|禁毒讲座|王二||是",
    )
    result = take(came)
    assert refused(result) == [("activity_ambiguous", 5), ("activity_unknown", 6), ("school_unnamed", 7)]
    assert result.accepted["attendances"] == 3
    own = [["签到表 学校:school-own小学"], *table("活动名称|儿童姓名", "禁毒讲座|王二")]
    assert take(own).accepted["attendances"] == 1


TERMS = table(
    "类别|名称|开始日期|结束日期", "学期|秋季学期|2020-09-01|2021-01-20", "学期|春季学期|2021-02-22|2021-07-02"
)
HOLIDAYS = table("类别|名称|开始日期|结束日期", "放假|国庆节|2020-10-01|2020-10-08")


def calendar() -> SchoolCalendar:
    with database.transaction() as session:
        return service.current(session) or SchoolCalendar()


def test_what_is_handed_in_of_the_calendar_at_once_is_one_calendar() -> None:
    files = [("学期.xlsx", sheets(TERMS[:2])), ("放假.xlsx", sheets(HOLIDAYS, [TERMS[0], TERMS[2]]))]
    assert take_in(files, lambda *_: None).accepted["calendar"] == 3
    assert [each.name for each in calendar().terms] == ["秋季学期", "春季学期"]
    assert [each.name for each in calendar().holidays] == ["国庆节"]
    again = take_in(files, lambda *_: None)
    assert (again.accepted["calendar"], again.unchanged["calendar"]) == (0, 3)


def test_holidays_handed_in_alone_take_no_term_away() -> None:
    take(TERMS)
    take(HOLIDAYS)
    assert (len(calendar().terms), len(calendar().holidays)) == (2, 1)


def test_a_calendar_names_schools_that_are_handed_in_with_it() -> None:
    days = table(
        "类别|名称|开始日期|结束日期|学校标识码|学校名称",
        "停课|校庆|2020-11-02|2020-11-02||红岭小学",
        "停课|校庆|2020-11-03|2020-11-03|9|",
        "停课|校庆|2020-11-04|2020-11-04||school-own小学",
    )
    result = take(days, table(SCHOOLS, "7|红岭小学|燕东|农村|小学|是|是|是|是"))
    assert refused(result) == [("school_unknown", 3)]
    assert [each.school_id for each in calendar().exceptions] == ["7", "school-own"]
    assert rows(School.entered_on, id="7") == [(TERM.first,)]


def test_a_name_that_two_schools_have_is_neither_ones() -> None:
    take(table("学校标识码|学校名称|学段", "7|育才小学|小学", "8|育才小学|小学", "9|石桥镇育才小学|小学"))
    result = hand_in(a=[line(1, "育才")])
    assert refused(result) == [("school_ambiguous", 2)]
    assert "标识码" in result.rejected[0].reason.mend()
    coded = hand_in(a=[line(1, "育才", 学校标识码="8")])
    assert (coded.accepted["children"], coded.rejected) == (1, [])
    number = table("学校名称|身份证号|日期|主题", f"育才小学|{OF_ONE}|2020-11-02|学习")
    assert take(number).accepted["records"] == 1, "the number tells the child, and with it the school"


def test_a_row_whose_name_is_not_the_numbers_is_sent_back_and_tells_no_name() -> None:
    hand_in(a=[line(1, 姓名="阿依古丽·买买提")])
    talks = [f"{name}|{OF_ONE}|2020-11-0{day}|学习" for day, name in enumerate(("王二", "阿依古丽•买买提", ""), 2)]
    result = take(table("姓名|身份证号|日期|主题", *talks))
    assert refused(result) == [("child_differs", 2)]
    assert result.accepted["records"] == 2
    assert "阿依" not in str(result.as_json())


def test_a_name_that_two_children_have_asks_for_the_identity_number() -> None:
    hand_in(a=[line(1, 姓名="王二"), line(2, 姓名="王二")])
    header = "学校名称|姓名|日期|主题"
    result = take(
        table(header, *(f"{who}|2020-11-02|学习" for who in ("school-own小学|王二", "school-own小学|无", "|王二")))
    )
    assert refused(result) == [("missing", 3), ("child_ambiguous", 2), ("school_unnamed", 4)]
    assert "身份证号" in result.rejected[1].reason.mend()


def test_of_two_children_of_one_name_a_mark_is_the_one_in_the_class_of_the_mark_sheet() -> None:
    hand_in(a=[line(1, 姓名="王二", 班级="1班"), line(2, 姓名="王二", 班级="2班"), line(3, 姓名="张三", 班级="1班")])
    marks = table("姓名|考试日期|语文", "王二|2020-07-09|88", "张三|2020-07-09|90")
    result = take([["成绩表 学校:school-own小学 班级:三(2)班"], *marks])
    assert (refused(result), result.accepted["scores"]) == ([], 2)
    classes = select(Child.class_name).join(Assessment, Assessment.child_id == Child.id).where(Assessment.mark == 88)
    with database.transaction() as session:
        assert session.scalars(classes).all() == ["2班"]


def test_a_kind_is_told_by_a_word_in_what_a_county_calls_it_and_what_is_unknown_is_told() -> None:
    names = ("法治辅导员", "爱心妈妈", "五老", "青年志愿者(大学生)", "其他", "炊事员")
    helpers = table("单位|类别|姓名", *(f"妇联|{name}|李{n}" for n, name in zip("一二三四五六", names, strict=True)))
    homes = table(
        "单位|类别|名称|乡镇街道", "民政|儿童之家|甲|燕东", "民政|雏燕之家(示范)|乙|燕东", "民政|车库|丙|燕东"
    )
    result = take(helpers, homes)
    assert [(each.reason.code, each.row, each.column) for each in result.warnings] == [
        ("category_unclear", 7, "B 类别"),
        ("category_unclear", 4, "B 类别"),
    ]
    assert [kind for kind, _ in rows(Supporter.kind, Supporter.name, organisation="妇联")] == [
        "five_elders",
        "law_counsellor",
        "love_parent",
        "other",
        "other",
        "youth_volunteer",
    ]
    assert rows(Facility.name, Facility.kind, organisation="民政") == [
        ("丙", "other"),
        ("乙", "swallow_home"),
        ("甲", "home"),
    ]


def test_a_teachers_office_is_told_by_a_word_in_it() -> None:
    duties = {
        "班主任兼语文教师": ("class_teacher", None, None),
        "三年级(1)班班主任": ("class_teacher", 3, "1班"),
        "政教主任": ("coordinator", None, None),
        "副班主任": (None, None, None),
        "副校长": (None, None, None),
        "班主任、德育主任": ("class_teacher", None, None),
        "门卫": (None, None, None),
    }
    names = dict(zip(duties, "甲乙丙丁戊己庚", strict=True))
    result = take(table("学校名称|姓名|职务", *(f"school-own小学|李{names[each]}|{each}" for each in duties)))
    assert [(each.reason.code, each.row) for each in result.warnings] == [("duty_not_alone", 7), ("duty_unclear", 8)]
    for duty, told in duties.items():
        assert rows(Supporter.duty, Supporter.grade, Supporter.class_name, name=f"李{names[duty]}") == [told]
