"""A child goes to another school, leaves and comes back."""

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from county import LOVE, TALK, TALKED, County, due, of_task
from sqlalchemy import select, update

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.access.models import Account
from hongzhu_registry.children.models import Child, ChildChange, RosterEntry
from hongzhu_registry.conflicts.queries import in_conflict
from hongzhu_registry.database import database
from hongzhu_registry.moves import service as moves
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.tasks.models import Task

DAY = str(MONDAY)


def act(county: County, what: str, who: str = "bureau", child: str = "child-own", **sent: Any) -> Any:
    return county.ask(who, "POST", f"/children/{child}/{what}", sent)


def last_facts(county: County) -> dict[str, Any]:
    payload = [payload for topic, payload in county.said() if topic == "child.changed.v1"][-1]
    facts: dict[str, Any] = json.loads(payload)["children"][-1]
    return facts


def on_two_rosters() -> None:
    with database.transaction() as session:
        for school in ("school-own", "school-other"):
            session.add(RosterEntry(child_id="child-own", school_id=school, said={}, file=f"{school}.xlsx"))


@pytest.mark.parametrize("giver", ["bureau", "school"])
def test_after_a_transfer_the_old_school_no_longer_sees_the_child_and_the_new_one_sees_all_of_it(
    county: County, giver: str
) -> None:
    answer = act(county, "transfer", giver, school_id="school-other", on=DAY, grade=4)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["school_id"], answer.json()["grade"], answer.json()["class_name"]) == (
        "school-other",
        4,
        None,
    )
    for path in ("", "/timeline", "/consent", "/export"):
        assert county.ask("school", "GET", f"/children/child-own{path}").status_code == 404
        assert county.ask("other_school", "GET", f"/children/child-own{path}").status_code == 200
    for act_of_it in ("transfer", "leave", "return", "guardian-link"):
        sent = {"transfer": {"school_id": "school-own"}, "leave": {"reason": "other"}}.get(act_of_it, {})
        assert act(county, act_of_it, "school", **sent).status_code == 404
    assert "child-own" not in str(county.get("school", "/children"))
    kinds = {each["kind"] for each in county.get("other_school", "/children/child-own/timeline")["items"]}
    assert {"transferred", "assessment", "subsidy"} <= kinds
    facts = last_facts(county)
    assert (facts["school_id"], facts["grade"], facts["present"]) == ("school-other", 4, True)


def test_what_is_open_goes_along_and_the_old_schools_own_helpers_stay_behind(county: County) -> None:
    with database.transaction() as session:
        on_task_due(session, due(LOVE, "child-own"))
    sent = {"kind": "love_parent", "supporter_id": "carer", "child_id": "child-own"}
    assert county.ask("carers", "POST", "/pairings", sent).status_code == 201
    assert act(county, "transfer", school_id="school-other").status_code == 201
    with database.transaction() as session:
        at = {
            task.programme: task.school_id
            for task in session.scalars(select(Task).where(Task.subject_id == "child-own"))
        }
        lasting = session.scalars(
            select(Pairing.kind).where(Pairing.child_id == "child-own", Pairing.ended_on.is_(None))
        ).all()
    # The love parent was found, so that task was done while the child was at its old school.
    assert at == {TALK: "school-other", LOVE: "school-own"}
    assert lasting == ["love_parent"]


def reopen_after_pause(county: County) -> Callable[[], Any]:
    sent = {"from": DAY, "reason": "住院"}
    pause = county.ask("school", "POST", "/children/child-own/pauses", sent).json()["id"]
    return lambda: county.ask("bureau", "DELETE", f"/children/child-own/pauses/{pause}")


def reopen_after_record(county: County) -> Callable[[], Any]:
    record = county.ask("school", "POST", "/records", TALKED).json()["id"]
    return lambda: county.ask("bureau", "POST", f"/records/{record}/withdraw", {"reason": "记错了"})


def reopen_after_excuse(county: County) -> Callable[[], Any]:
    task = of_task(TALK, "child-own")
    county.ask("school", "POST", f"/tasks/{task}/excuse", {"reason": "住院"})
    return lambda: county.ask("bureau", "DELETE", f"/tasks/{task}/excuse")


@pytest.mark.parametrize("close", [reopen_after_pause, reopen_after_record, reopen_after_excuse])
def test_what_is_open_again_after_a_transfer_is_at_the_school_where_the_child_is_now(
    county: County, close: Callable[[County], Callable[[], Any]]
) -> None:
    reopen = close(county)
    assert act(county, "transfer", school_id="school-other").status_code == 201
    assert reopen().status_code < 300
    assert county.get("other_school", f"/tasks/{of_task(TALK, 'child-own')}")["state"] == "due"
    assert county.ask("school", "GET", f"/tasks/{of_task(TALK, 'child-own')}").status_code == 404


def test_what_is_taken_back_while_a_child_moves_is_open_at_the_new_school(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    reopen = reopen_after_record(postgres_county)
    other, real = Thread(target=reopen), moves.tasks.hand_over

    def meanwhile(*args: Any) -> None:
        if not other.ident:
            other.start()
            other.join(0.5)
        real(*args)

    monkeypatch.setattr(moves.tasks, "hand_over", meanwhile)
    assert act(postgres_county, "transfer", school_id="school-other").status_code == 201
    other.join()
    assert postgres_county.get("other_school", f"/tasks/{of_task(TALK, 'child-own')}")["state"] == "due"


def test_a_transfer_settles_the_conflict_between_two_rosters_whichever_way_it_goes(county: County) -> None:
    on_two_rosters()
    # A school does not settle it in its own favour.
    assert act(county, "transfer", "school", school_id="school-own").status_code == 409
    with database.transaction() as session:
        assert session.scalars(in_conflict()).all() == ["child-own"]
    for to, status in (("school-own", 201), ("school-own", 409), ("school-other", 201)):
        assert act(county, "transfer", school_id=to).status_code == status
        with database.transaction() as session:
            assert session.scalars(in_conflict()).all() == []


@pytest.mark.parametrize(
    ("what", "sent", "status", "field"),
    [
        ("transfer", {"school_id": "school-own"}, 409, None),
        ("transfer", {"school_id": "nowhere"}, 422, "school_id"),
        ("transfer", {"school_id": "school-other", "on": "2020-11-24"}, 422, "on"),
        ("transfer", {"school_id": "school-other", "on": "2020-08-31"}, 422, "on"),
        ("leave", {"reason": "because"}, 422, "reason"),
        ("leave", {"reason": "other", "on": "2020-11-24"}, 422, "on"),
        ("return", {}, 409, None),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(
    sqlite_county: County, what: str, sent: dict[str, Any], status: int, field: str | None
) -> None:
    before = sqlite_county.get("bureau", "/children/child-own")
    answer = act(sqlite_county, what, **sent)
    assert (answer.status_code, answer.json().get("field")) == (status, field)
    assert sqlite_county.get("bureau", "/children/child-own") == before
    assert sqlite_county.said() == []


def test_a_child_that_left_is_owed_nothing_more_and_is_followed_for_the_watch_period(county: County) -> None:
    assert (
        act(county, "leave", "school", reason="parents_returned", on="2020-11-20", note="父亲回来了").status_code == 201
    )
    child = county.get("bureau", "/children/child-own")
    assert (child["left_on"], child["left_reason"], child["watch_until"]) == (
        "2020-11-20",
        "parents_returned",
        "2021-02-18",
    )
    assert last_facts(county)["present"] is False
    standing = {
        status: {each["id"] for each in county.get("bureau", f"/children?status={status}")["items"]}
        for status in ("present", "watched", "left")
    }
    assert standing == {"present": {"child-mate", "child-other"}, "watched": {"child-own"}, "left": set()}
    with database.transaction() as session:
        assert session.scalars(select(Pairing.ended_on).where(Pairing.child_id == "child-own")).all() == [clock.today()]
        session.execute(update(Child).where(Child.id == "child-own").values(watch_until=clock.today()))
    assert [each["id"] for each in county.get("bureau", "/children?status=watched")["items"]] == ["child-own"]
    clock.stand_on(MONDAY.replace(day=24))
    assert [each["id"] for each in county.get("bureau", "/children?status=left")["items"]] == ["child-own"]
    assert act(county, "transfer", school_id="school-other").status_code == 409
    assert act(county, "leave", reason="other").status_code == 409


def test_whoever_comes_back_is_owed_anew_from_that_day_on_and_the_clock_stops(county: County) -> None:
    assert act(county, "leave", reason="moved_away", on="2020-11-16").status_code == 201
    assert county.get("bureau", "/children/child-own")["retention_ends"] == "2024-02-14"
    assert act(county, "return", "school", on="2020-11-15").status_code == 422
    assert act(county, "return", "school", on=DAY).status_code == 201
    child = county.get("bureau", "/children/child-own")
    assert [child[name] for name in ("left_on", "left_reason", "watch_until", "retention_ends")] == [None] * 4
    facts = last_facts(county)
    assert (facts["present"], facts["entered_on"]) == (True, DAY)
    with database.transaction() as session:
        sources = session.scalars(select(ChildChange.source).order_by(ChildChange.version)).all()
    assert sources == ["leave", "return"]
    happened = [(each["kind"], each["on"]) for each in county.get("school", "/children/child-own/timeline")["items"]]
    assert ("entered", "2020-09-01") in happened  # the first day of all, though another one counts now
    assert {("left", "2020-11-16"), ("returned", DAY)} <= set(happened)


def test_an_act_sent_twice_with_one_key_is_done_once(county: County) -> None:
    answers = [
        county.ask("bureau", "POST", "/children/child-own/leave", {"reason": "other"}, Idempotency_Key="k")
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("transfer", {"school_id": "school-other"}),
        ("leave", {"reason": "moved_away"}),
        ("consent", {"basis": "statutory_duty"}),
    ],
)
def test_an_answer_is_not_given_again_to_who_may_no_longer_ask(county: County, path: str, body: dict[str, Any]) -> None:
    for role, status in (("school", 201), ("auditor", 404), ("school", 201)):
        with database.transaction() as session:
            session.get_one(Account, "account-school").role = role
        answer = county.ask("school", "POST", f"/children/child-own/{path}", body, Idempotency_Key="k")
        assert answer.status_code == status, role
