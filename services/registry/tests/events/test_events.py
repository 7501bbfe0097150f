"""What happened to children is said on the bus: ids and a number, no mark, no name, and the same id however often."""

import json
from datetime import timedelta
from typing import Any

from county import County

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.events import service

DAY = timedelta(days=1)


def said(county: County, kind: str) -> list[dict[str, Any]]:
    payloads = [json.loads(payload) for topic, payload in county.said() if topic == "subject.event.v1"]
    return [each for each in payloads if each["kind"] == kind]


def mark(county: County, subject: str, value: float, days: int) -> None:
    body = {"child_id": "child-own", "tested_on": str(MONDAY + days * DAY), "subject": subject, "mark": value}
    assert county.ask("school", "POST", "/assessments", body).status_code == 201


def test_a_fall_since_the_last_test_is_said_with_its_points_and_no_mark(county: County) -> None:
    mark(county, "数学", 90, -30)
    mark(county, "数学", 74, -2)  # the county's own mark of 61 is another subject's
    (event,) = said(county, "assessment_drop")
    assert (event["event"], event["occurred_on"]) == ("drop-2020-11-21", "2020-11-21")
    assert event["subjects"] == [{"subject_id": "child-own", "amount": 16.0}]
    assert "数学" not in json.dumps(event, ensure_ascii=False)


def test_of_two_subjects_on_one_day_the_one_that_fell_furthest_counts_and_a_rise_is_no_event(county: County) -> None:
    for subject, first, second in (("数学", 90, 80), ("英语", 90, 60), ("科学", 60, 90)):
        mark(county, subject, first, -30)
        mark(county, subject, second, -2)
    events = said(county, "assessment_drop")
    assert {each["event"] for each in events} == {"drop-2020-11-21"}
    assert max(each["subjects"][0]["amount"] for each in events) == 30


def test_a_referral_an_enrolment_and_a_changed_roster_are_said(county: County) -> None:
    day = str(MONDAY)
    referral = county.ask(
        "school", "POST", "/referrals", {"child_id": "child-own", "organisation": "关爱会", "referred_on": day}
    ).json()
    county.ask("school", "POST", "/enrolments", {"child_id": "child-own", "kind": "after_school", "starts_on": day})
    assert [each["event"] for each in said(county, "referral")] == [referral["id"]]
    assert [each["event"] for each in said(county, "enrolment")] == ["enrolment-2020-11-23"]
    left = county.ask("school", "POST", "/children/child-own/leave", {"on": day, "reason": "moved_away"})
    assert left.status_code == 201, left.text
    (changed,) = said(county, "roster_change")
    assert changed["subjects"] == [{"subject_id": "school-own", "amount": None}]


def test_everything_can_be_said_once_more_under_the_same_ids(county: County) -> None:
    mark(county, "数学", 90, -30)
    mark(county, "数学", 60, -2)
    first = said(county, "assessment_drop")
    with database.transaction() as session:
        service.announce(session)
    again = said(county, "assessment_drop")[len(first) :]
    assert [(each["event"], each["subjects"]) for each in again] == [
        (each["event"], each["subjects"]) for each in first
    ]
    assert [each["event"] for each in said(county, "referral")] == ["referral-other", "referral-own"]
