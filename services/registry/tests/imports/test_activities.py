"""A sheet of activities handed in again: what each is evidence of follows what the sheet says now."""

from datetime import date
from typing import Any

import pytest
from rosters import hand_in, id_number, line
from sqlalchemy import select

from hongzhu_registry.activities.models import Activity
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.offices.ticks import bring_up_to_date

pytestmark = pytest.mark.usefixtures("county")

DAY, LATER = date(2020, 11, 2), date(2020, 11, 9)


def activity(**changes: Any) -> dict[str, Any]:
    """The line of a birthday that was held at a school."""
    return {
        "活动编号": "A1",
        "主办单位": "关爱会",
        "活动名称": "集体生日",
        "日期": DAY,
        "学校名称": "school-own小学",
        "地点": "",
        "参加人数": 3,
        "备注": "",
        **changes,
    }


def came(attended: str = "是") -> dict[str, Any]:
    return {"活动编号": "A1", "姓名": "张文乙", "身份证号": id_number(1), "是否参加": attended}


def as_held(school: str = "school-own", kind: str = "birthday", day: date = DAY) -> dict[str, tuple[str, date]]:
    """What it is evidence of once it was held: for the school, the child that came, the agency that held it, and the city."""
    return dict.fromkeys((school, "child", "carers", "city"), (kind, day))


def shown() -> dict[str, tuple[str, date | None]]:
    """What the activity is evidence of, by whom it is for."""
    with database.transaction() as session:
        rows = session.execute(
            select(Evidence.subject_id, Child.name, Evidence.kind, Evidence.done_on)
            .join(Activity, Activity.id == Evidence.id)
            .outerjoin(Child, Child.id == Evidence.subject_id)
            .where(Activity.code == "A1", Evidence.done_on.is_not(None))
        )
        return {"child" if row.name else row.subject_id: (row.kind, row.done_on) for row in rows}


@pytest.fixture(autouse=True)
def _held(county: Any) -> None:
    hand_in(a=[line(1)], b=[activity()], c=[came()])
    bring_up_to_date()
    assert shown() == as_held()


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"日期": LATER}, as_held(day=LATER)),
        ({"学校名称": "school-other小学"}, as_held("school-other")),
        ({"活动名称": "禁毒讲座"}, as_held(kind="anti_drug")),
        ({"备注": "计划"}, {}),
    ],
)
def test_a_corrected_line_corrects_what_it_is_evidence_of_for_everybody_it_is_for(
    changes: dict[str, Any], now: dict[str, Any]
) -> None:
    hand_in(b=[activity(**changes)])
    assert shown() == now
    hand_in(b=[activity()])
    assert shown() == as_held()


def test_a_corrected_list_takes_back_that_a_child_came_and_says_it_again() -> None:
    hand_in(c=[came("否")])
    assert "child" not in shown()
    hand_in(c=[came()])
    assert shown()["child"] == ("birthday", DAY)


def test_who_is_on_the_list_of_a_planned_activity_came_once_it_was_held() -> None:
    hand_in(b=[activity(备注="计划", 日期=LATER)], c=[came()])
    assert shown() == {}
    hand_in(b=[activity(日期=LATER)])
    assert shown() == as_held(day=LATER)


def test_what_was_taken_back_of_an_activity_no_sheet_brings_back(county: Any) -> None:
    [row] = [each for each in county.get("bureau", "/activities")["items"] if each["code"] == "A1"]
    assert county.ask("bureau", "POST", f"/activities/{row['id']}/withdraw", {"reason": "错"}).status_code == 201
    hand_in(b=[activity(日期=LATER, 学校名称="school-other小学")], c=[came()])
    assert shown() == {}
