"""A child's timeline: all that happened, the newest first, to those who may see it."""

from datetime import date, timedelta
from typing import Any

import pytest
from county import TALK, County, due
from sqlalchemy import insert

from hongzhu.clock import now, today
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Attendance
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.children.models import ChildChange
from hongzhu_registry.database import database
from hongzhu_registry.tasks.consumers import on_task_due

PATH = "/children/child-own/timeline"
DAY = str(MONDAY)


def events(county: County, who: str, path: str = PATH) -> list[dict[str, Any]]:
    return list(county.get(who, f"{path}?limit=200")["items"])


def live(county: County) -> None:
    """Lets one of everything happen to ``child-own``."""
    for who, method, path, sent in (
        ("school", "PATCH", "/children/child-own", {"note": "爱画画"}),
        ("school", "POST", "/children/child-own/consent", {"basis": "guardian_consent", "given_by": "母亲"}),
        ("school", "POST", "/children/child-own/consent/withdraw", {}),
        (
            "school",
            "POST",
            "/records",
            {"kind": "talk", "occurred_on": DAY, "data": {"topic": "学习|Learning"}, "child_ids": ["child-own"]},
        ),
        ("school", "PATCH", "/pairings/pairing-own", {"ended_on": DAY}),
        ("school", "POST", "/children/child-own/leave", {"reason": "graduated"}),
        ("school", "POST", "/children/child-own/return", {}),
        ("school", "POST", "/children/child-own/transfer", {"school_id": "school-other"}),
    ):
        answer = county.ask(who, method, path, sent, If_Match="*")
        assert answer.status_code < 300, (path, answer.text)
    with database.transaction() as session:
        for attended in (True, False):
            session.add(
                Attendance(id=f"came-{attended}", activity_id="activity-own", child_id="child-own", attended=attended)
            )


EVERYTHING = {
    "entered",
    "changed",
    "consent_given",
    "consent_withdrawn",
    "record",
    "pairing_began",
    "pause_began",
    "pause_ended",
    "pairing_ended",
    "left",
    "returned",
    "transferred",
    "assessment",
    "referral",
    "subsidy",
    "enrolment",
    "activity",
}


def test_everything_that_happened_is_there_once_and_the_newest_comes_first(county: County) -> None:
    live(county)
    found = events(county, "bureau")
    assert {each["kind"] for each in found} == EVERYTHING
    assert len({(each["kind"], each["id"]) for each in found}) == len(found)
    assert [each["on"] for each in found] == sorted((each["on"] for each in found), reverse=True)
    (came,) = (each for each in found if each["kind"] == "activity")  # who stayed away took no part
    assert came["id"] == "came-True"
    (mark,) = (each for each in found if each["kind"] == "assessment")
    assert (mark["what"], mark["amount"]) == ("语文", 61)
    (moved,) = (each for each in found if each["kind"] == "transferred")
    assert moved["fields"]["school_id"] == ["school-own", "school-other"]
    assert events(county, "other_school") == found


def test_an_agency_sees_what_it_did_itself_and_nothing_else(county: County) -> None:
    live(county)
    assert {each["kind"] for each in events(county, "carers")} == {"record", "referral", "activity"}
    with database.transaction() as session:  # it owes the other child something too, and did nothing for it
        on_task_due(session, due(TALK, "child-other", school_id="school-other"))
    assert events(county, "carers", "/children/child-other/timeline") == []
    assert county.ask("lawyers", "GET", PATH).status_code == 404
    assert county.ask("auditor", "GET", PATH).status_code == 404


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_of_a_timeline_hold_everything_once_in_one_order(county: County, limit: int) -> None:
    with database.transaction() as session:
        session.execute(
            insert(Assessment),
            [
                {
                    "id": f"a{number:02}",
                    "version": 1,
                    "child_id": "child-own",
                    "school_id": "school-own",
                    "tested_on": date(2020, 9, 1) + timedelta(days=number // 4),
                    "subject": "数学",
                    "mark": 70,
                }
                for number in range(30)
            ],
        )
    whole = events(county, "school")
    found, cursor = [], ""
    while cursor is not None:
        page = county.get("school", f"{PATH}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next"]
    assert found == whole


def test_what_an_import_changed_without_a_day_of_its_own_stands_on_the_day_it_was_written(county: County) -> None:
    with database.transaction() as session:
        change = ChildChange(
            child_id="child-own", version=2, at=now(), source="import:花名册.xlsx", fields={"grade": [2, 3]}
        )
        session.add(change)
    (found,) = (each for each in events(county, "bureau") if each["kind"] == "changed")
    assert (found["on"], found["what"], found["fields"]) == (
        f"{now():%Y-%m-%d}",
        "import:花名册.xlsx",
        {"grade": [2, 3]},
    )
    assert today() == MONDAY
