"""A child on two schools' rosters: one child, one proposal, and the bureau's word on it."""

from typing import Any

import pytest
from county import PEOPLE, County
from rosters import hand_in, id_number, line
from sqlalchemy import select

from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.imports.result import Result
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring

OWN = [line(1), line(3)]
OTHER = [line(1, "school-other", 班级="5班", 代理家长="陈新"), line(5, "school-other")]


def both(*, other_first: bool = False, at_once: bool = True) -> Result:
    if at_once:
        return hand_in(b=OTHER, a=OWN) if other_first else hand_in(a=OWN, b=OTHER)
    for name, lines in [("b", OTHER), ("a", OWN)] if other_first else [("a", OWN), ("b", OTHER)]:
        result = hand_in(**{name: lines})
    return result


def live_in(town: str) -> None:
    """Let the second school lie in another town than the first."""
    with database.transaction() as session:
        session.get_one(School, "school-other").town = town


def child() -> Any:
    with database.transaction() as session:
        return session.execute(
            select(Child.__table__).where(Child.id_number_index == key_ring().index(id_number(1), "child"))
        ).one()


def settle(county: County, school: str, who: str = "bureau", child_id: str = "") -> Any:
    return county.ask(who, "POST", f"/conflicts/{child_id or child().id}/settle", {"school_id": school})


@pytest.mark.parametrize("town", ["燕东", "燕西"])
@pytest.mark.parametrize("at_once", [True, False])
def test_whichever_roster_comes_first_the_proposal_is_the_same(sqlite_county: County, town: str, at_once: bool) -> None:
    live_in(town)
    [conflict] = both(other_first=True, at_once=at_once).conflicts
    told = {name: conflict[name] for name in ("files", "schools", "proposal", "school_id")}
    assert told["files"] == ["a.xlsx", "b.xlsx"]
    assert told["school_id"] == "school-own"
    assert sqlite_county.get("bureau", "/conflicts") == {"items": [conflict], "next": None}


@pytest.mark.parametrize(("town", "said"), [("燕东", "无从区分"), ("燕西", "家庭住址在该校所在乡镇")])
def test_an_address_speaks_for_a_school_only_where_it_does_for_no_other(
    sqlite_county: County, town: str, said: str
) -> None:
    live_in(town)
    [conflict] = both().conflicts
    assert said in conflict["proposal"]


def test_an_import_tells_of_the_conflicts_that_its_own_rosters_have_part_in(sqlite_county: County) -> None:
    assert len(both().conflicts) == 1
    assert hand_in(c=[line(7)]).conflicts == []
    assert len(hand_in(b=OTHER).conflicts) == 1


@pytest.mark.parametrize("to", ["school-own", "school-other"])
@pytest.mark.parametrize("other_first", [False, True])
def test_once_settled_the_same_rosters_do_not_bring_it_up_again(county: County, to: str, other_first: bool) -> None:
    both(other_first=other_first, at_once=False)
    assert settle(county, to).status_code == 201
    assert county.get("bureau", "/conflicts")["items"] == []
    for _ in range(2):
        assert both(other_first=other_first).conflicts == []
        assert child().school_id == to
        assert child().class_name == {"school-own": "1班", "school-other": "5班"}[to], "as that school's roster says"
    again = both(other_first=not other_first)
    assert (again.changed["children"], again.accepted["children"]) == (0, 0)
    assert settle(county, to).status_code == 404, "nothing is in conflict any more"


def entered_by_hand(county: County) -> None:
    sent = {"name": "张文乙", "id_number": id_number(1), "address": "永安市燕东街道蜡烛巷1号"}
    assert county.ask("school", "POST", "/children", sent).status_code == 201


def left(county: County) -> None:
    hand_in(a=[line(1)])
    assert county.ask("school", "POST", f"/children/{child().id}/leave", {"reason": "moved_away"}).status_code == 201


def stands() -> tuple[str, bool]:
    return child().school_id, child().left_on is None


@pytest.mark.parametrize("to", ["school-own", "school-other"])
def test_a_child_entered_by_hand_at_one_school_and_on_anothers_roster_is_a_conflict(county: County, to: str) -> None:
    entered_by_hand(county)
    result = hand_in(b=[line(1, "school-other")])
    assert (result.elsewhere["children"], result.accepted["children"], result.changed["children"]) == (1, 0, 0)
    [conflict] = result.conflicts
    assert (conflict["files"], conflict["schools"]) == (["b.xlsx"], ["school-other", "school-own"])
    assert conflict["school_id"] == "school-other", "nothing but that roster speaks for a school"
    assert stands() == ("school-own", True), "an import moves nobody"
    assert settle(county, to).status_code == 201
    assert stands() == (to, True)
    for _ in range(2):
        assert hand_in(b=[line(1, "school-other")]).conflicts == []
        assert stands() == (to, True)
    assert (child().grade == 3) is (to == "school-other"), "the roster of its school now counts"


def test_a_child_entered_by_hand_stays_where_its_address_lies(sqlite_county: County) -> None:
    with database.transaction() as session:
        session.get_one(School, "school-own").town, session.get_one(School, "school-other").town = "燕东", "燕西"
    entered_by_hand(sqlite_county)
    [conflict] = hand_in(b=[line(1, "school-other")]).conflicts
    assert conflict["school_id"] == "school-own"


@pytest.mark.parametrize(("to", "then"), [("school-own", False), ("school-other", True)])
def test_a_child_that_left_and_stands_on_anothers_roster_may_have_come_back_there(
    county: County, to: str, then: bool
) -> None:
    left(county)
    result = hand_in(b=[line(1, "school-other")])
    assert result.elsewhere["children"] == 1
    [conflict] = result.conflicts
    assert conflict["school_id"] == "school-other"
    assert "返校" in conflict["proposal"]
    assert stands() == ("school-own", False)
    assert settle(county, to).status_code == 201
    assert stands() == (to, then), "it came back there, or has left"
    assert hand_in(b=[line(1, "school-other")]).conflicts == []
    assert settle(county, to).status_code == 404


def test_once_a_child_left_a_roster_that_was_settled_before_counts_again(county: County) -> None:
    both()
    assert settle(county, "school-own").status_code == 201
    assert both().conflicts == []
    assert county.ask("school", "POST", f"/children/{child().id}/leave", {"reason": "moved_away"}).status_code == 201
    assert county.get("bureau", "/conflicts")["items"] == [], "until it is handed in"
    assert [each["school_id"] for each in hand_in(b=OTHER).conflicts] == ["school-other"]


def test_every_row_of_a_roster_is_counted_once(county: County) -> None:
    left(county)
    lines = [line(1, "school-other"), line(5, "school-other")]
    for _ in range(2):
        result = hand_in(b=lines)
        counted = result.accepted + result.changed + result.unchanged + result.elsewhere
        assert counted["children"] == len(lines)
    assert hand_in(b=[line(1, "school-other", 年级="5"), lines[1]]).as_json()["elsewhere"] == {"children": 1}


def test_a_child_moves_as_by_a_transfer(county: County) -> None:
    both()
    before = child()
    assert settle(county, "school-other").status_code == 201
    moved = child()
    assert (moved.school_id, moved.version) == ("school-other", before.version + 1)
    assert county.ask("school", "GET", f"/children/{moved.id}").status_code == 404
    assert county.get("other_school", f"/children/{moved.id}")["id"] == moved.id


def test_only_a_school_that_has_the_child_on_its_roster_is_an_answer(sqlite_county: County) -> None:
    both()
    answer = settle(sqlite_county, "nowhere")
    assert (answer.status_code, answer.json()["field"]) == (422, "school_id")
    assert len(sqlite_county.get("bureau", "/conflicts")["items"]) == 1


def test_to_whoever_is_not_the_bureau_a_conflict_looks_exactly_missing(sqlite_county: County) -> None:
    both()
    for who in sorted(set(PEOPLE) - {"bureau", "admin"}):
        denied, missing = settle(sqlite_county, "school-own", who), settle(sqlite_county, "school-own", who, "nobody")
        assert (denied.status_code, denied.content) == (missing.status_code, missing.content), who
        assert denied.status_code == 404, who
    assert settle(sqlite_county, "school-own", "admin").status_code == 201
