"""A referral goes step by step, each taken by those who may; what is owed because of it follows, and nothing of it is lost."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from county import LOVE, TALK, County, due
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.referrals.endpoints import STATE
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.steps import STEPS, possible, state_of
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.tasks.models import Task

DAY, WHY = str(MONDAY), "家长不同意，电话13950000001"
TAKEN = {"accept": {}, "done": {}, "decline": {"reason": WHY}, "withdraw": {"reason": WHY}}
AGENCY = {"accept", "decline", "done"}


def offered(county: County, **more: Any) -> str:
    sent = {"child_id": "child-own", "organisation": "关爱会", "referred_on": DAY, "cause": "情绪低落"} | more
    answer = county.ask("school", "POST", "/referrals", sent)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "offered"
    return str(answer.json()["id"])


def take(county: County, referral: str, step: str, who: str | None = None, **more: Any) -> httpx.Response:
    who = who or ("carers" if step in AGENCY else "school")
    return county.ask(who, "POST", f"/referrals/{referral}/{step}", TAKEN[step] | more)


def evidence() -> set[tuple[str, str, str]]:
    with database.transaction() as session:
        rows = session.scalars(select(Evidence).where(Evidence.done_on.is_not(None)))
        return {(each.subject_id, each.kind, str(each.done_on)) for each in rows}


def events(county: County) -> list[tuple[str, str]]:
    said = [json.loads(payload) for topic, payload in county.said() if topic == "subject.event.v1"]
    return list(dict.fromkeys((each["kind"], each["event"]) for each in said))


@given(st.tuples(*[st.none() | st.just(MONDAY)] * 4))
def test_what_a_referral_has_come_to_is_the_same_in_a_list_as_in_a_step(days: Any) -> None:
    names = ("accepted_on", "declined_on", "counselled_on", "withdrawn_on")
    row = Referral(**dict(zip(names, days, strict=True)))
    sql = str(select(STATE).compile(compile_kwargs={"literal_binds": True})).partition("FROM")[0]
    values = ", ".join(f"{'NULL' if day is None else 1} AS {name}" for name, day in zip(names, days, strict=True))
    with create_engine("sqlite://").connect() as connection:
        assert connection.exec_driver_sql(f"{sql} FROM (SELECT {values}) AS referral").scalar() == state_of(row)


def test_from_the_offer_to_the_help_each_step_is_kept_and_said(county: County) -> None:
    referral = offered(county)
    assert take(county, referral, "accept").json()["state"] == "accepted"
    done = take(county, referral, "done")
    assert (done.status_code, done.json()["state"], done.json()["counselled_on"]) == (200, "done", DAY)
    assert evidence() == {("child-own", "referral_answered", DAY), ("child-own", "counselling", DAY)}
    assert events(county) == [("referral", referral), ("referral_accepted", f"{referral}-yes")]


def test_declining_is_an_answer_and_nothing_more_is_owed(county: County) -> None:
    referral = offered(county)
    assert take(county, referral, "decline").json()["state"] == "declined"
    assert evidence() == {("child-own", "referral_answered", DAY)}
    assert events(county) == [("referral", referral)]


def test_a_step_that_cannot_be_taken_is_answered_with_those_that_can(county: County) -> None:
    paths = {
        "offered": [],
        "accepted": ["accept"],
        "done": ["accept", "done"],
        "declined": ["decline"],
        "withdrawn": ["withdraw"],
    }
    for state, path in paths.items():
        for step, body in TAKEN.items():
            referral = offered(county)
            for each in path:
                assert take(county, referral, each).status_code < 300
            answer = county.http.post(
                f"/api/v1/referrals/{referral}/{step}",
                json=body,
                headers={"Authorization": "Bearer token-of-bureau", "Accept-Language": "en"},
            )
            can = state in STEPS[step].of  # type: ignore[index]
            assert answer.status_code == (409 if not can else 201 if step == "withdraw" else 200), (state, step)
            if not can:
                steps = ", ".join(possible(state)) or "-"  # type: ignore[arg-type]
                assert answer.json()["detail"] == f"This referral is {state}; possible now: {steps}."


@pytest.mark.parametrize(("who", "step"), [("school", "accept"), ("school", "decline"), ("carers", "withdraw")])
def test_nobody_takes_another_ones_step(county: County, who: str, step: str) -> None:
    referral = offered(county)
    denied, missing = take(county, referral, step, who), take(county, "nobody", step, who)
    assert (denied.status_code, denied.content) == (404, missing.content)
    assert take(county, referral, step, "lawyers").status_code == 404
    assert county.get("bureau", f"/referrals/{referral}")["state"] == "offered"


def test_a_school_does_not_answer_for_the_agency(county: County) -> None:
    sent = {"child_id": "child-own", "organisation": "关爱会", "referred_on": DAY, "accepted_on": DAY}
    assert county.ask("school", "POST", "/referrals", sent).json()["field"] == "accepted_on"
    change = {"counselled_on": DAY}
    answer = county.ask("school", "PATCH", f"/referrals/{offered(county)}", change, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, "counselled_on")


def test_the_reason_is_kept_sealed_and_opened_for_the_two_it_is_between(county: County) -> None:
    referral = offered(county)
    assert take(county, referral, "decline", reason=None).json()["field"] == "reason"
    take(county, referral, "decline")
    for who in ("school", "carers", "bureau"):
        assert county.get(who, f"/referrals/{referral}")["reason"] == WHY
        assert "reason" not in county.get(who, "/referrals")["items"][0]
    with database.transaction() as session:
        kept = session.get_one(Referral, referral).reason
    assert kept is not None
    assert WHY.encode() not in kept
    assert "13950000001" not in json.dumps(county.said(), ensure_ascii=False)


def test_a_step_lies_neither_in_days_to_come_nor_before_the_one_before_it(county: County) -> None:
    referral = offered(county)
    for days in (-1, 1):
        answer = take(county, referral, "accept", on=str(MONDAY + timedelta(days=days)))
        assert (answer.status_code, answer.json()["field"]) == (422, "on")


@pytest.mark.parametrize("field", ["accepted_on", "counselled_on"])
def test_no_day_of_a_step_comes_before_the_step_before_it(county: County, field: str) -> None:
    before = str(MONDAY - timedelta(days=1))
    sent = {"child_id": "child-own", "organisation": "关爱会", "referred_on": DAY, field: before}
    assert county.ask("bureau", "POST", "/referrals", sent).json()["field"] == field
    assert evidence() == set()
    referral = offered(county)
    take(county, referral, "accept")
    take(county, referral, "done")
    proved = evidence()
    answer = county.ask("carers", "PATCH", f"/referrals/{referral}", {field: before}, If_Match="*")
    assert (answer.status_code, answer.json()["field"], evidence()) == (422, field, proved)


@pytest.mark.parametrize("who", ["carers", "bureau"])
@pytest.mark.parametrize(
    ("path", "field", "to", "instead"),
    [
        ([], "accepted_on", DAY, "accept"),
        ([], "counselled_on", DAY, "done"),
        (["accept"], "counselled_on", DAY, "done"),
        (["accept", "done"], "counselled_on", None, "withdraw"),
    ],
)
def test_a_correction_takes_no_step_and_takes_none_back_and_says_what_does(
    county: County, who: str, path: list[str], field: str, to: str | None, instead: str
) -> None:
    referral = offered(county)
    for step in path:
        take(county, referral, step)
    before, proved, said = county.get("bureau", f"/referrals/{referral}"), evidence(), county.said()
    answer = county.ask(who, "PATCH", f"/referrals/{referral}", {field: to}, If_Match="*")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert f"POST /referrals/{referral}/{instead}" in answer.json()["detail"]
    assert (county.get("bureau", f"/referrals/{referral}"), evidence(), county.said()) == (before, proved, said)


@pytest.mark.parametrize("end", ["decline", "withdraw"])
def test_no_correction_takes_a_step_after_the_end(county: County, end: str) -> None:
    referral = offered(county)
    ended = take(county, referral, end).json()
    for who in ("carers", "bureau"):
        for change in ({"counselled_on": DAY}, {"accepted_on": DAY}):
            assert county.ask(who, "PATCH", f"/referrals/{referral}", change, If_Match="*").status_code == 409
    assert county.get("bureau", f"/referrals/{referral}")["state"] == ended["state"]
    assert "counselling" not in {kind for _, kind, _ in evidence()}


def test_withdrawing_excuses_what_is_owed_because_of_it_and_nothing_else(county: County) -> None:
    referral = offered(county)
    take(county, referral, "accept")
    answering = due(TALK, "child-own").model_copy(update={"period": f"event:{referral}", "programme": LOVE})
    helping = answering.model_copy(update={"period": f"event:{referral}-yes"})
    with database.transaction() as session:
        on_task_due(session, answering)
        on_task_due(session, helping)
    assert take(county, referral, "withdraw").json()["state"] == "withdrawn"
    with database.transaction() as session:
        excused = session.scalars(select(Task.period).where(Task.excuse_id.is_not(None))).all()
    assert sorted(excused) == [f"event:{referral}", f"event:{referral}-yes"]


def test_that_it_was_done_can_be_taken_back_as_an_error(county: County) -> None:
    referral = offered(county)
    take(county, referral, "accept")
    take(county, referral, "done")
    assert take(county, referral, "withdraw", "carers").json()["state"] == "withdrawn"
    assert evidence() == {("child-own", "referral_answered", DAY)}


def test_the_same_step_twice_with_one_key_is_one_step(county: County) -> None:
    referral = offered(county)
    sent = {"Idempotency_Key": "k1"}
    answers = [county.ask("carers", "POST", f"/referrals/{referral}/accept", None, **sent) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].content == answers[1].content
