"""What is kept of sheets: each thing once, nothing lost without a word, and what no column speaks of stands."""

from datetime import date
from typing import Any

import pytest
from rosters import hand_in, id_number, line, table, take
from sqlalchemy import select

from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.database import database
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.imports.result import Result
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


@pytest.mark.parametrize(
    ("header", "one", "other"),
    [
        ("学校名称|姓名|职务|任教年级|任教班级", "school-own小学|李丽|班主任|3|2班", "school-own小学|李丽|德育主任||"),
        ("姓名|身份证号|检测日期|学科|成绩", f"|{OF_ONE}|2020-07-09|语文|90", f"|{OF_ONE}|2020-07-09|语文|30"),
        ("身份证号|教师|日期|交通补贴|伙食补贴", f"{OF_ONE}|李丽|2020-07-09|20|10", f"{OF_ONE}|李丽|2020-07-09|5|0"),
        ("身份证号|转介日期|事由|接收单位", f"{OF_ONE}|2020-07-09|失眠|医院", f"{OF_ONE}|2020-07-09|厌学|医院"),
        ("文号|标题|发文单位", "1号|通知|教育局", "1号|办法|教育局"),
    ],
)
def test_a_row_that_says_something_else_of_what_an_earlier_row_told_is_sent_back(
    header: str, one: str, other: str
) -> None:
    hand_in(a=[line(1)])
    result = take(table(header, one, one, other))
    assert refused(result) == [("told_otherwise", 4)]
    assert result.accepted.total() == 1
    again = take(table(header, one))
    assert (again.stored, again.unchanged.total()) == (0, 1)


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


def test_two_teachers_of_one_name_told_apart_by_telephone_are_two() -> None:
    staff = table("学校名称|姓名|职务|联系电话", *(f"school-own小学|李丽|班主任|1395000001{n}" for n in (1, 2)))
    assert take(staff).accepted["staff"] == 2
    assert rows(Supporter.name, name="李丽") == [("李丽",)] * 2
