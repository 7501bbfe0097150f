"""A supporter is tied to a subject when it is vetted, has a place free, and nobody was quicker."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from county import COUNSELLOR, LOVE, County, child, due, supporter
from sqlalchemy import select, update

from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.tasks.consumers import on_task_due

MANY = 12


def pair(county: County, who: str = "carers", supporter_id: str = "carer", **subject: Any) -> Any:
    kind = "law_counsellor" if who == "lawyers" else "love_parent"
    return county.ask(who, "POST", "/pairings", {"kind": kind, "supporter_id": supporter_id, **subject})


def lasting() -> list[tuple[str, str]]:
    with database.transaction() as session:
        rows = session.execute(
            select(Pairing).where(Pairing.ended_on.is_(None), Pairing.kind == "love_parent")
        ).scalars()
        return [(each.supporter_id, str(each.child_id or each.school_id)) for each in rows]


def in_need(*children: str) -> None:
    """Lets the carers' programme owe a love parent to some more children of the school."""
    with database.transaction() as session:
        session.add_all(child(each, "school-own", f"{number:018}") for number, each in enumerate(children))
        session.flush()
        on_task_due(session, due(LOVE, *children))


def test_a_pairing_is_evidence_and_a_fact(county: County) -> None:
    answer = pair(county, "lawyers", "lawyer", school_id="school-own")
    assert answer.status_code == 201
    assert {topic for topic, _ in county.said()} == {"evidence.filed.v1", "school.changed.v1"}
    with database.transaction() as session:
        [evidence] = session.scalars(select(Evidence).where(Evidence.id == answer.json()["id"]))
        assert (evidence.subject_id, evidence.kind) == ("school-own", "law_counsellor")
    tasks = {
        task["subject_id"]: task["state"] for task in county.get("lawyers", f"/tasks?programme={COUNSELLOR}")["items"]
    }
    assert tasks == {"school-own": "done", "school-other": "due"}
    assert county.get("lawyers", "/supporters")["items"][0]["paired"] == 1


def test_a_supporter_has_as_many_places_as_it_has(county: County) -> None:
    in_need("a", "b", "c")
    assert [pair(county, child_id=each).status_code for each in "abc"] == [201, 201, 409]
    assert len(lasting()) == 2


def test_a_place_that_was_left_is_free_again(county: County) -> None:
    in_need("a", "b", "c")
    for each in "ab":
        pair(county, child_id=each)
    with database.transaction() as session:
        session.execute(update(Pairing).where(Pairing.child_id == "a").values(ended_on=Pairing.began_on))
    assert pair(county, child_id="c").status_code == 201
    assert len(lasting()) == 2


def test_a_subject_has_one_of_a_kind(county: County) -> None:
    in_need("a")
    with database.transaction() as session:
        session.add(supporter("carer-2", "关爱会", "love_parent"))
    assert pair(county, child_id="a").status_code == 201
    assert pair(county, supporter_id="carer-2", child_id="a").status_code == 409
    assert lasting() == [("carer", "a")]


def test_nobody_meets_a_child_unvetted(county: County) -> None:
    in_need("a")
    answer = pair(county, supporter_id="carer-unvetted", child_id="a")
    assert (answer.status_code, answer.json()["field"]) == (422, "supporter_id")
    assert lasting() == []


def test_nobody_is_paired_with_a_child_that_left(county: County) -> None:
    in_need("a")
    assert county.ask("school", "POST", "/children/a/leave", {"reason": "graduated"}).status_code == 201
    for who, kind, supporter_id in (("carers", "love_parent", "carer"), ("school", "mentor", "teacher-too")):
        sent = {"kind": kind, "supporter_id": supporter_id, "child_id": "a"}
        answer = county.ask(who, "POST", "/pairings", sent)
        assert (answer.status_code, answer.json()["field"]) == (409, "child_id"), who
    assert lasting() == []
    assert county.ask("school", "POST", "/children/a/return", {}).status_code == 201
    assert pair(county, child_id="a").status_code == 201


@pytest.mark.parametrize(
    ("supporter_id", "subject"),
    [
        ("lawyer", {"child_id": "a"}),
        ("carer", {"child_id": "child-other"}),
        ("carer", {"child_id": "nobody"}),
        ("carer", {"school_id": "nobody"}),
    ],
)
def test_what_is_out_of_sight_is_not_paired(county: County, supporter_id: str, subject: dict[str, str]) -> None:
    in_need("a")
    assert pair(county, supporter_id=supporter_id, **subject).status_code == 404
    assert lasting() == []


@pytest.mark.parametrize("subject", [{}, {"child_id": "child-own", "school_id": "school-own"}])
def test_a_pairing_has_one_subject(county: County, subject: dict[str, str]) -> None:
    assert pair(county, "bureau", **subject).status_code == 422


@pytest.mark.postgres
def test_several_matchers_at_once_never_overfill_a_supporter_nor_leave_a_place_empty(postgres_county: County) -> None:
    names = [f"c{number:02}" for number in range(MANY)]
    in_need(*names)
    with database.transaction() as session:
        session.add_all(supporter(f"carer-{n}", "关爱会", "love_parent", capacity=3) for n in range(3))
    together = Barrier(6)

    def match(worker: int) -> Counter[int]:
        together.wait()
        return Counter(
            pair(postgres_county, supporter_id=f"carer-{(number + worker) % 3}", child_id=each).status_code
            for number, each in enumerate(names)
        )

    with ThreadPoolExecutor(6) as pool:
        answers = sum(pool.map(match, range(6)), Counter())
    assert set(answers) == {201, 409}
    assert answers[201] == len(lasting()) == 9
    assert set(Counter(supporter_id for supporter_id, _ in lasting()).values()) == {3}
    assert len({subject for _, subject in lasting()}) == 9


@pytest.mark.postgres
def test_of_several_who_pair_one_child_at_once_one_succeeds(postgres_county: County) -> None:
    in_need("a")
    with database.transaction() as session:
        session.add_all(supporter(f"carer-{n}", "关爱会", "love_parent") for n in range(5))
    together = Barrier(5)

    def match(n: int) -> int:
        together.wait()
        return int(pair(postgres_county, supporter_id=f"carer-{n}", child_id="a").status_code)

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(match, range(5))) == [201, 409, 409, 409, 409]
    assert len(lasting()) == 1


@pytest.mark.postgres
def test_those_who_match_the_same_supporter_at_once_all_find_their_place(postgres_county: County) -> None:
    names = [f"c{number}" for number in range(6)]
    in_need(*names)
    with database.transaction() as session:
        session.add(supporter("carer-of-many", "关爱会", "love_parent", capacity=6))
    together = Barrier(6)

    def match(each: str) -> int:
        together.wait()
        return int(pair(postgres_county, supporter_id="carer-of-many", child_id=each).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(match, names)) == [201] * 6


def test_a_pairing_that_ends_gives_its_place_back_and_is_said_on_the_bus(county: County) -> None:
    in_need("a", "b", "c")
    made = [pair(county, child_id=each).json() for each in "ab"]
    assert pair(county, child_id="c").status_code == 409
    said = len(county.said())
    path = f"/pairings/{made[0]['id']}"
    version = county.ask("carers", "GET", path).headers["etag"]
    assert county.ask("carers", "PATCH", path, {"ended_on": "2020-11-23"}).status_code == 428
    answer = county.ask("carers", "PATCH", path, {"ended_on": "2020-11-23"}, If_Match=version)
    assert (answer.status_code, answer.json()["ended_on"]) == (200, "2020-11-23")
    assert [topic for topic, _ in county.said()[said:]] == ["child.changed.v1"]
    assert pair(county, child_id="c").status_code == 201
    for day, status in (("2020-11-23", 409), ("2020-11-24", 409)):
        assert county.ask("carers", "PATCH", path, {"ended_on": day}, If_Match="*").status_code == status
    other = f"/pairings/{made[1]['id']}"
    for day in ("2020-11-24", "2020-11-22"):
        assert county.ask("carers", "PATCH", other, {"ended_on": day}, If_Match="*").status_code == 422
    assert county.ask("lawyers", "PATCH", other, {"ended_on": "2020-11-23"}, If_Match="*").status_code == 404
