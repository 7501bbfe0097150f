"""Whoever was found not to suit stays so, whatever a list says that is handed in later."""

from datetime import date, timedelta
from typing import Any

import pytest
from county import County
from rosters import hand_in, line, sheets
from sqlalchemy import select

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import take_in
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.supporters.models import Supporter

pytestmark = pytest.mark.usefixtures("sqlite_county")


def hand_in_table(*rows: list[Any]) -> Result:
    return take_in([("名单.xlsx", sheets(rows))], lambda *_: None)


def supporter(name: str) -> Supporter:
    with database.transaction() as session:
        return session.scalars(select(Supporter).where(Supporter.name == name)).one()


def pairings(kind: str) -> list[tuple[date, date | None]]:
    with database.transaction() as session:
        found = select(Pairing.began_on, Pairing.ended_on).where(Pairing.kind == kind).order_by(Pairing.id)
        return [(began_on, ended_on) for began_on, ended_on in session.execute(found)]


def judge(county: County, name: str, status: str) -> None:
    path = f"/supporters/{supporter(name).id}"
    assert county.ask("bureau", "PATCH", path, {"status": status}, If_Match="*").status_code == 200


def test_a_rejected_teacher_gets_no_class_back_by_a_changed_line(sqlite_county: County) -> None:
    head = ["学校名称", "姓名", "职务", "任教年级", "任教班级", "联系电话", "邮箱"]
    teacher = ["school-own小学", "林老师", "班主任", "3", "2班", "13950000021"]
    hand_in_table(head, [*teacher, "a@example.org"])
    judge(sqlite_county, "林老师", "rejected")
    hand_in_table(head, [*teacher, "b@example.org"])
    found = supporter("林老师")
    assert (found.vetted, found.rejected, found.duty, found.class_name) == (False, True, None, None)


def test_a_rejected_proxy_parent_is_named_in_vain_and_that_is_told(sqlite_county: County) -> None:
    hand_in(roster=[line(1)])
    judge(sqlite_county, "李代", "rejected")
    result = hand_in(roster=[line(1, 备注="又来了"), line(2)])
    told = [(each.row, each.reason.code) for each in result.warnings if each.reason.code == "supporter_unvetted"]
    assert told == [(3, "supporter_unvetted"), (2, "supporter_unvetted")]
    assert [ended_on for _, ended_on in pairings("proxy_parent")] == [MONDAY]


def test_who_is_named_in_vain_ends_nobody_elses_pairing(sqlite_county: County) -> None:
    hand_in(roster=[line(1), line(2, 代理家长="钱代")])
    judge(sqlite_county, "李代", "rejected")
    hand_in(roster=[line(1), line(2, 代理家长="李代")])
    assert sorted(ended_on is None for _, ended_on in pairings("proxy_parent")) == [False, True]


def test_whom_a_list_refuses_helps_nobody_any_more(sqlite_county: County) -> None:
    head, row = ["单位", "类别", "姓名", "联系电话", "审核状态"], ["关爱会", "爱心家长", "陈妈", "13950000022"]
    hand_in_table(head, [*row, "已审核"])
    with database.transaction() as session:
        helper = session.scalars(select(Supporter).where(Supporter.name == "陈妈")).one()
        session.add(
            Pairing(kind="love_parent", supporter_id=helper.id, child_id="child-mate", place=1, began_on=MONDAY)
        )
    hand_in_table(head, [*row, "未通过"])
    assert pairings("love_parent") == [(MONDAY, MONDAY)]
    again = hand_in_table(head, [*row, "已审核"])
    assert [each.reason.code for each in again.warnings] == ["supporter_unvetted"]
    assert (supporter("陈妈").vetted, supporter("陈妈").rejected) == (False, True)


@pytest.mark.parametrize("status", [["待审核"], []])
def test_a_list_that_does_not_say_how_somebody_was_vetted_leaves_what_is_known(
    sqlite_county: County, status: list[str]
) -> None:
    head, row = ["单位", "类别", "姓名", "联系电话", "工作单位"], ["关爱会", "爱心家长", "陈妈", "13950000022"]
    hand_in_table(head + ["审核状态"][: len(status)], [*row, "农业银行", *status])
    judge(sqlite_county, "陈妈", "vetted")
    with database.transaction() as session:
        helper = session.scalars(select(Supporter).where(Supporter.name == "陈妈")).one()
        session.add(
            Pairing(kind="love_parent", supporter_id=helper.id, child_id="child-mate", place=1, began_on=MONDAY)
        )
    hand_in_table(head + ["审核状态"][: len(status)], [*row, "工商银行", *status])
    assert (supporter("陈妈").vetted, supporter("陈妈").occupation) == (True, "工商银行")
    assert pairings("love_parent") == [(MONDAY, None)]


def test_whom_a_later_roster_names_helps_from_that_day_on() -> None:
    hand_in(roster=[line(1, 代理家长="", 代理家长电话="")])
    clock.stand_on(MONDAY + timedelta(days=30))
    hand_in(roster=[line(1)])
    assert pairings("proxy_parent") == [(MONDAY + timedelta(days=30), None)]
