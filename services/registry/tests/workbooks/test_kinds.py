"""What a sheet is, told by its header and its title, and what each kind asks of its rows."""

import datetime as dt

import pytest
from clerks import BORN, ROSTER, line, one

from hongzhu_registry.workbooks import (
    Activity,
    Attendance,
    CalendarEntry,
    Record,
    Score,
    Staff,
)


def test_records_of_another_county(desk):
    number = desk.id_number(BORN, 121)
    head = ["学校", "谈话时间", "学生姓名", "公民身份号码", "谈话教师"]
    row = ["东门小学", "2020.9.1", "张文", number, "李老"]
    for extra, kind in {"谈话内容": "talk", "辅导科目": "tutoring", "通话方式": "call", "走访形式": "visit"}.items():
        record = one(desk.hand_in([[*head, extra], [*row, "某某"]]))
        assert (type(record), record.kind, record.school_name) == (Record, kind, "东门小学")
    assert one(desk.hand_in([[*head, "记录类型"], [*row, "家访"]])).kind == "visit"
    assert one(desk.hand_in([["谈心谈话记录表"], head, row])).kind == "talk"
    assert desk.hand_in([head, row]).rejected[0].reason.code == "record_kind_unknown"
    assert (
        desk.hand_in([[*head, "主题"], [*row[:1], "2020-12-01", *row[2:], "x"]]).rejected[0].reason.code
        == "date_future"
    )


@pytest.mark.parametrize(
    ("title", "extra", "kind"),
    [
        ("每周谈心记录", "方式", "talk"),
        ("家访谈话记录表", "谈话内容", "visit"),
        ("亲情通话记录", "交流内容", "call"),
        ("送教上门辅导记录", "辅导内容", "home_teaching"),
        ("学业辅导台账", "形式", "tutoring"),
        ("谈心、家访记录", "形式", "visit"),
    ],
)
def test_the_title_tells_the_kind_of_record_before_a_column_does(desk, title, extra, kind):
    head, row = ["姓名", "身份证号", "日期", extra], ["张文", desk.id_number(BORN, 121), "2020.9.1", "某某"]
    assert one(desk.hand_in([[title], head, row])).kind == kind
    assert one(desk.hand_in([head, row], names=[title])).kind == kind


def test_a_list_of_pupils_with_a_column_for_each_week_is_refused(desk):
    head, row = ["年级", "姓名", "身份证号", "第1周", "第2周"], ["三年级", "张文", desk.id_number(BORN, 121), "√", ""]
    with_roster = desk.hand_in([["谈心记录"], head, row], [ROSTER, line(desk)])
    assert [(each.reason.code, each.row) for each in with_roster.rejected] == [("matrix_unread", 2)]
    assert [len(sheet.rows) for sheet in with_roster.sheets] == [0, 1]


PUPIL = {"学校": "东门小学", "年级": "三年级", "班级": "2班", "性别": "男", "民族": "汉族", "联系电话": "13812345678"}


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("score", {"检测日期": "2020-11-11", "语文": 88}),
        ("score", {"检测日期": "2020-11-11", "语文": 88, "数学": 90}),
        ("enrolment", {"是否免费": "是"}),
        ("record", {"谈心日期": "2020-11-11", "谈心教师": "李老", "主题": "学习"}),
        ("referral", {"转介日期": "2020-11-11", "接收单位": "市心理中心"}),
        ("attendance", {"活动名称": "集体生日", "是否到场": "是"}),
        ("subsidy", {"教师": "李老", "日期": "2020-11-11", "交通补贴": 30, "伙食补贴": 20}),
    ],
)
def test_what_else_a_list_says_of_its_pupils_makes_it_no_roster(desk, kind, columns):
    told = PUPIL | {"姓名": "张文", "身份证号": desk.id_number(BORN, 121)} | columns
    book = desk.hand_in([list(told), list(told.values())])
    (sheet,) = book.sheets
    assert (sheet.kind, len(sheet.rows), book.warnings) == (kind, 1, [])


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("staff", {"联系电话": "13812345678", "职务": "班主任"}),
        ("supporter", {"单位": "市妇联", "类别": "爱心家长", "联系电话": "13812345678"}),
        ("leadership", {"职务": "组长", "分工": "总负责", "联系电话": "13812345678"}),
    ],
)
def test_what_else_a_list_says_of_its_adults_makes_it_no_roster(desk, kind, columns):
    person = {"姓名": "李老", "性别": "男", "民族": "汉族", "身份证号": desk.id_number(dt.date(1980, 5, 6), 121)}
    told = person | {"家庭住址": "燕东街道35号"} | columns
    book = desk.hand_in([list(told), list(told.values())])
    (sheet,) = book.sheets
    assert (sheet.kind, len(sheet.rows), book.warnings) == (kind, 1, [])


def test_a_roster_stays_one_whatever_else_it_has(desk):
    book = desk.hand_in([[*ROSTER, "父亲姓名", "是否免费"], [*line(desk), "张父", "是"]])
    assert (book.sheets[0].kind, len(book.sheets[0].rows)) == ("child", 1)


@pytest.mark.parametrize("group", ["帮扶教师", "代理家长"])
def test_the_lower_row_of_a_header_of_two_is_no_header_of_its_own(desk, group):
    lower = ["姓名", "职务", "政治面貌", "联系电话"]
    head = ["序号", "姓名", "性别", "身份证号", "年级", "班级"]
    row = [1, "张文", "男", desk.id_number(BORN, 121), "三年级", "2班", "李老", "教师", "群众", "13812345678"]
    merges = [f"{letter}1:{letter}2" for letter in "ABCDEF"] + ["G1:J1"]
    book = desk.hand_in([[*head, group], ["", "", "", "", "", "", *lower], row], merges=merges)
    child = one(book)
    assert (book.sheets[0].kind, child.name, child.guardian.phone) == ("child", "张文", "")


def test_a_roster_that_tells_a_teachers_office_is_no_list_of_teachers(desk):
    head = ["姓名", "性别", "身份证号", "年级", "班级", "帮扶教师", "职务", "政治面貌", "联系电话"]
    row = ["张文", "男", desk.id_number(BORN, 121), "三年级", "2班", "李老", "教师", "群众", "13812345678"]
    assert one(desk.hand_in([head, row])).mentor_name == "李老"


@pytest.mark.parametrize(
    "columns",
    [
        {"职务": "班长"},
        {"职务": "学习委员", "联系电话": "13812345678"},
        {"年级": "三年级", "班级": "2班", "职务": "中队长", "学校名称": "东门小学"},
        {"年级": "三年级", "职务": "班长", "分工": "纪律", "联系电话": "13812345678"},
        {"年级": "三年级", "班级": "2班", "职务": "班长", "政治面貌": "群众", "邮箱": ""},
        {"年级": "三年级", "班级": "2班", "类别": "留守", "单位": "东门小学", "状态": "在读"},
    ],
)
def test_a_list_of_minors_is_a_roster_whatever_offices_it_tells(desk, columns):
    pupils = [
        {"姓名": name, "性别": "男", "身份证号": desk.id_number(BORN, order)} | columns
        for name, order in (("张文", 121), ("张武", 123))
    ]
    book = desk.hand_in([list(pupils[0]), *(list(pupil.values()) for pupil in pupils)])
    (sheet,) = book.sheets
    assert (sheet.kind, [each.name for each in sheet.rows]) == ("child", ["张文", "张武"])


SIGNED_IN = {
    "a column": ([], ["姓名", "身份证号", "年级", "签到"]),
    "a column beside a roster's": ([], ["姓名", "身份证号", "性别", "年级", "监护人", "监护人电话", "出席情况"]),
    "a title": (["家长会签到表"], ["姓名", "身份证号", "性别", "年级", "班级"]),
    "a title over teachers": (["培训签到表"], ["姓名", "职务", "联系电话", "签名"]),
    "a title over a day": (["签到表  地点：操场"], ["姓名", "身份证号", "日期"]),
    "a title over names alone": (["签到表"], ["序号", "姓名", "班级", "签名"]),
}


@pytest.mark.parametrize("told_by", SIGNED_IN)
def test_who_signed_in_to_an_activity_that_is_not_named_is_refused_as_a_sheet(desk, told_by):
    title, head = SIGNED_IN[told_by]
    said = {"姓名": "张文", "身份证号": desk.id_number(BORN, 121), "年级": "三年级", "签到": "√", "日期": "2020-10-12"}
    row = [said.get(each, "") for each in head]
    book = desk.hand_in([title, head, row], [ROSTER, line(desk)])
    assert [(each.sheet, each.reason.code) for each in book.rejected] == [("Sheet1", "activity_unnamed")]
    assert [len(sheet.rows) for sheet in book.sheets] == [0, 1]
    if title:
        named = desk.hand_in([head, row], names=["签到表"])
        assert [each.reason.code for each in named.rejected] == ["activity_unnamed"]


def test_who_signed_in_came_to_the_activity_that_stands_above_the_table(desk):
    head, row = ["姓名", "身份证号", "班级", "签到"], ["张文", desk.id_number(BORN, 121), "三(2)班", "√"]
    came = one(desk.hand_in([["签到表"], ["活动名称：集体生日", "", "活动时间：2020年11月2日"], head, row]))
    assert (type(came), came.activity_name, came.attended) == (Attendance, "集体生日", True)
    with_column = [["签到表 活动名称：集体生日"], ["活动名称", *head], ["", *row], ["禁毒讲座", *row]]
    assert [each.activity_name for each in desk.hand_in(with_column).sheets[0].rows] == ["集体生日", "禁毒讲座"]


def test_a_sheet_to_be_signed_that_names_its_activity_is_refused_for_what_it_lacks(desk):
    book = desk.hand_in(
        [["签到表 活动名称：集体生日"], ["序号", "姓名", "班级", "签名"], [1, "张文", "三(2)班", "张文"]]
    )
    (finding,) = book.rejected
    assert finding.reason.code == "attendance_unmarked"
    assert "“签到”" in finding.reason.mend("zh")


def test_a_list_of_names_offices_and_telephones_is_one_of_staff(desk):
    book = desk.hand_in([["姓名", "职务", "联系电话"], ["李老", "班主任", "13812345678"]])
    assert (book.sheets[0].kind, one(book).duty) == ("staff", "班主任")


def test_a_calendar_is_read_to_the_last_day_of_a_stretch_in_one_cell(desk):
    days = [["学期", "第一学期", "2020年9月1日—2021年1月22日"], ["假期", "国庆节", "2020年10月1日至8日"]]
    book = desk.hand_in([["类别", "名称", "日期"], *days])
    assert [row.ends_on for row in book.sheets[0].rows] == [dt.date(2021, 1, 22), dt.date(2020, 10, 8)]


def test_scores_with_one_subject_a_line_and_no_date_are_refused_as_a_sheet(desk):
    number = desk.id_number(BORN, 121)
    head, row = ["姓名", "证件号码", "科目", "分数"], ["张文", number, "英语", 88]
    score = one(desk.hand_in([["期中 考试时间:2020.11.11"], head, row]))
    assert (type(score), score.marks, score.tested_on) == (Score, {"英语": 88.0}, dt.date(2020, 11, 11))
    assert desk.hand_in([head, row]).rejected[0].reason.code == "test_date_missing"


def test_marks_of_a_test_that_is_to_come_or_of_no_day_are_refused_row_by_row(desk):
    number = desk.id_number(BORN, 121)
    head, row = ["姓名", "证件号码", "科目", "分数"], ["张文", number, "英语", 88]
    to_come = desk.hand_in([["期末 考试时间:2020.12.11"], head, row])
    assert [(each.reason.code, each.row) for each in to_come.rejected] == [("date_future", 3)]
    dated = [[*head, "考试日期"], [*row, "2020-12-11"], [*row, "2020-11-11"], [*row, ""]]
    told = desk.hand_in(dated)
    assert [(each.reason.code, each.row, each.column) for each in told.rejected] == [
        ("date_future", 2, "E 考试日期"),
        ("missing", 4, "E 考试日期"),
    ]
    assert [each.source.row for each in told.sheets[0].rows] == [3]


@pytest.mark.parametrize(
    ("head", "row", "dates"),
    [
        (["转介日期", "转介原因", "接收日期", "辅导日期"], ["", "厌学", "", ""], (0, 2, 3)),
        (["教师", "日期", "交通补贴", "伙食补贴"], ["李老", "", 30, 20], (1,)),
        (["开始日期", "是否免费"], ["", "是"], (0,)),
    ],
)
def test_what_was_done_for_a_child_lies_in_no_day_to_come(desk, head, row, dates):
    number = desk.id_number(BORN, 121)
    done = [dict.fromkeys(dates, "2020-11-20")] + [
        dict.fromkeys(dates, "2020-11-20") | {at: "2020-12-11"} for at in dates
    ]
    rows = [["张文", number, *(days.get(at, said) for at, said in enumerate(row))] for days in done]
    told = desk.hand_in([["姓名", "证件号码", *head], *rows])
    assert [each.source.row for each in told.sheets[0].rows] == [2]
    assert [(each.reason.code, each.row) for each in told.rejected] == [
        ("date_future", line) for line in range(3, 3 + len(dates))
    ]


def test_other_kinds_of_another_county(desk):
    number = desk.id_number(BORN, 121)
    staff = one(
        desk.hand_in(
            [["教师姓名", "岗位", "任课年级", "手机号", "政治面貌"], ["李老", "教师", "三(2)班", 13812345678, "群众"]]
        )
    )
    assert (type(staff), staff.grade, staff.phone, staff.party_member) == (Staff, 3, "13812345678", False)
    day = one(desk.hand_in([["类型", "事项", "起始日期", "截止日期"], ["假期", "国庆节", "2020.10.1", 44112]]))
    assert (type(day), day.kind, day.ends_on) == (CalendarEntry, "holiday", dt.date(2020, 10, 8))
    camp = one(desk.hand_in([["主办单位", "活动主题", "活动时间"], ["团市委", "夏令营", "2020年7月13日—2020年8月7日"]]))
    assert (type(camp), camp.held_on, camp.ends_on) == (Activity, dt.date(2020, 7, 13), dt.date(2020, 8, 7))
    came = one(desk.hand_in([["活动名称", "学生姓名", "身份证号"], ["集体生日", "张文", number]]))
    assert (type(came), came.attended) == (Attendance, True)


def test_a_row_without_its_key_is_rejected_in_every_kind(desk):
    number = desk.id_number(BORN, 121)
    sheets = [
        [["学校标识码", "学校名称", "学段"], ["", "东门小学", "小学"]],
        [["类别", "名称", "开始日期", "结束日期"], ["假期", "国庆节", "", "2020-10-08"]],
        [["单位", "类别", "姓名", "可结对人数"], ["市妇联", "爱心家长", "", 1]],
        [["活动编号", "儿童姓名", "身份证号", "是否到场"], ["", "张文", number, "是"]],
        [["学校标识码", "教师", "日期", "儿童姓名", "交通补贴", "伙食补贴"], ["1", "", "2020-09-01", "张文", 3, 4]],
    ]
    assert [f.reason.code for rows in sheets for f in desk.hand_in(rows).rejected] == ["missing"] * len(sheets)
