"""Who is matched with whom: a function of values, and an answer that survives whoever was quicker."""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu.errors import ConflictError
from hongzhu.matching import match, pair, places
from hongzhu.messages import TaskDue
from hongzhu.testing.examples import MONDAY

TOWNS = st.sampled_from(["燕东街道", "洪田镇", "小陶镇"])


def _helpers(said: list[tuple[str, int, int, bool]]) -> list[dict[str, Any]]:
    return [
        {"id": f"h{number}", "town": town, "capacity": capacity, "paired": paired, "vetted": vetted}
        for number, (town, capacity, paired, vetted) in enumerate(said)
    ]


helpers = st.lists(st.tuples(TOWNS, st.integers(1, 3), st.integers(0, 4), st.booleans()), max_size=8).map(_helpers)
waiting = st.lists(TOWNS, max_size=12).map(
    lambda towns: [{"id": f"c{n}", "town": town} for n, town in enumerate(towns)]
)


@given(helpers, waiting)
def test_nobody_gets_more_than_their_places_nobody_two_and_nobody_who_is_not_vetted(
    offered: list[dict[str, Any]], owed: list[dict[str, Any]]
) -> None:
    matched = match(offered, owed)
    given_to = Counter(helper["id"] for helper, _ in matched)
    assert all(given_to[each["id"]] <= (places(each) if each["vetted"] else 0) for each in offered)
    assert len({one["id"] for _, one in matched}) == len(matched)


@given(helpers, waiting)
def test_as_many_are_served_as_there_are_places(offered: list[dict[str, Any]], owed: list[dict[str, Any]]) -> None:
    assert len(match(offered, owed)) == min(sum(places(each) for each in offered if each["vetted"]), len(owed))


@given(helpers, waiting)
def test_nobody_goes_to_another_town_while_somebody_waits_in_their_own(
    offered: list[dict[str, Any]], owed: list[dict[str, Any]]
) -> None:
    matched = match(offered, owed)
    near = Counter(one["town"] for helper, one in matched if helper["town"] == one["town"])
    free = Counter(dict.fromkeys(("燕东街道", "洪田镇", "小陶镇"), 0))
    for each in offered:
        free[each["town"]] += places(each) if each["vetted"] else 0
    wanted = Counter(one["town"] for one in owed)
    assert all(near[town] == min(free[town], wanted[town]) for town in free)


class Registry:
    """Answers as the registry does, and lets somebody else be quicker once."""

    def __init__(
        self, helpers: list[dict[str, Any]], *, quicker: bool = False, declined: tuple[str, str] = ("", "")
    ) -> None:
        self.helpers, self.quicker, self.declined = helpers, quicker, declined
        self.pairings: list[dict[str, Any]] = []

    def because_of(self, _cause: str) -> AbstractContextManager[None]:
        return nullcontext()

    def get(self, _path: str) -> dict[str, Any]:
        return {"town": "洪田镇"}

    def items(self, _path: str, **_query: Any) -> list[dict[str, Any]]:
        return [dict(each) for each in self.helpers]

    def still_owed(self, message: TaskDue) -> list[str]:
        return list(message.subjects)

    def post(self, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        if (body["supporter_id"], body["child_id"]) == self.declined:
            raise ConflictError(field="reason")
        helper = next(each for each in self.helpers if each["id"] == body["supporter_id"])
        if self.quicker or not places(helper):
            self.quicker = False
            helper["paired"] = helper["capacity"]
            raise ConflictError(field="supporter_id")
        if any(each["child_id"] == body["child_id"] for each in self.pairings):
            raise ConflictError
        helper["paired"] += 1
        self.pairings.append(body)
        return body


def due(*children: str) -> TaskDue:
    return TaskDue(
        programme="carers.friend",
        version=1,
        period=f"since:{MONDAY}",
        period_start=MONDAY,
        school_id="s",
        subjects=children,
        opens_on=MONDAY,
        due_on=MONDAY,
    )


def test_who_loses_a_place_to_somebody_quicker_chooses_anew() -> None:
    registry = Registry(_helpers([("洪田镇", 1, 0, True), ("洪田镇", 1, 0, True)]), quicker=True)
    pair(due("a"), registry, "friend")  # type: ignore[arg-type]  # it answers as the client does
    assert [(each["child_id"], each["supporter_id"]) for each in registry.pairings] == [("a", "h1")]


@pytest.mark.parametrize(("helpers", "served"), [(1, {"b": "h0"}), (2, {"a": "h1", "b": "h0"})])
def test_what_an_agency_declined_is_matched_with_somebody_else_and_waits_where_there_is_nobody(
    helpers: int, served: dict[str, str]
) -> None:
    registry = Registry(_helpers([("洪田镇", 2, 0, True)] * helpers), declined=("h0", "a"))
    pair(due("a", "b"), registry, "friend")  # type: ignore[arg-type]  # likewise
    assert {each["child_id"]: each["supporter_id"] for each in registry.pairings} == served


def test_a_place_that_comes_free_as_a_match_was_declined_goes_to_the_next_who_waits() -> None:
    registry = Registry(_helpers([("洪田镇", 1, 0, True)]), declined=("h0", "a"))
    pair(due("a", "b"), registry, "friend")  # type: ignore[arg-type]  # likewise
    assert [(each["child_id"], each["supporter_id"]) for each in registry.pairings] == [("b", "h0")]


@pytest.mark.parametrize("vetted", [True, False])
def test_with_nobody_free_nothing_is_done_and_nothing_fails(vetted: bool) -> None:
    registry = Registry(_helpers([("洪田镇", 1, int(vetted), vetted)]))
    pair(due("a", "b"), registry, "friend")  # type: ignore[arg-type]  # likewise
    assert registry.pairings == []


def test_to_be_asked_twice_pairs_nobody_twice() -> None:
    registry = Registry(_helpers([("洪田镇", 3, 0, True)]))
    for _ in range(2):
        pair(due("a", "b"), registry, "friend")  # type: ignore[arg-type]  # likewise
    assert [each["child_id"] for each in registry.pairings] == ["a", "b"]
