"""What the volunteer lawyers' plugin promises."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hongzhu_legal_aid import match, programmes

TOWNS = st.sampled_from(["燕东街道", "洪田镇", "小陶镇"])


def _counsellors(towns: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    return [
        {"id": f"c{number}", "town": town, "capacity": capacity, "paired": min(paired, capacity)}
        for number, (town, capacity, paired) in enumerate(towns)
    ]


counsellors = st.lists(st.tuples(TOWNS, st.integers(1, 3), st.integers(0, 3)), max_size=8).map(_counsellors)
schools = st.lists(TOWNS, max_size=10).map(
    lambda towns: [{"id": f"s{n}", "town": town} for n, town in enumerate(towns)]
)


@given(counsellors, schools)
def test_nobody_gets_more_schools_than_free_places_and_no_school_two(
    free: list[dict[str, Any]], owed: list[dict[str, Any]]
) -> None:
    matched = match(free, owed)
    given_to = Counter(counsellor["id"] for counsellor, _ in matched)
    assert all(given_to[each["id"]] <= each["capacity"] - each["paired"] for each in free)
    assert len({school["id"] for _, school in matched}) == len(matched)


@given(counsellors, schools)
def test_as_many_schools_are_served_as_there_are_places(free: list[dict[str, Any]], owed: list[dict[str, Any]]) -> None:
    places = sum(each["capacity"] - each["paired"] for each in free)
    assert len(match(free, owed)) == min(places, len(owed))


def test_a_counsellor_of_the_school_s_own_town_comes_first() -> None:
    free = _counsellors([("洪田镇", 1, 0), ("燕东街道", 1, 0)])
    owed = [{"id": "far", "town": "小陶镇"}, {"id": "near", "town": "燕东街道"}]
    assert {(school["id"], counsellor["town"]) for counsellor, school in match(free, owed)} == {
        ("near", "燕东街道"),
        ("far", "洪田镇"),
    }


def test_no_field_of_any_child_is_asked_for() -> None:
    assert all(each.subject == "school" and not each.fields for each in programmes())
