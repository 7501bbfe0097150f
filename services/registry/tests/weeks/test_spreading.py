"""A week's work is spread evenly, brothers and sisters together, and the same way whoever asks."""

from collections import Counter
from datetime import date, timedelta
from itertools import groupby
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.weeks.spreading import Pupil, spread

DAYS = [MONDAY + timedelta(days=n) for n in range(5)]
A_SCHOOL = st.lists(
    st.builds(
        Pupil,
        child_id=st.integers(0, 10_000).map("c{:05}".format),
        teacher=st.sampled_from(["1班", "2班", "3班"]),
        family=st.integers(0, 60).map("f{}".format),
    ),
    max_size=80,
    unique_by=lambda pupil: pupil.child_id,
)
SOME_DAYS = st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(sorted)


@given(A_SCHOOL, SOME_DAYS)
def test_every_child_has_one_of_the_days_and_siblings_the_same(pupils: list[Pupil], days: list[date]) -> None:
    planned = spread(pupils, days)
    assert planned.keys() == {pupil.child_id for pupil in pupils}
    assert set(planned.values()) <= set(days)
    for _, family in groupby(sorted(pupils, key=lambda pupil: pupil.family), key=lambda pupil: pupil.family):
        assert len({planned[pupil.child_id] for pupil in family}) == 1


@given(A_SCHOOL, SOME_DAYS)
def test_without_siblings_no_teacher_has_a_day_with_two_more_than_another(
    pupils: list[Pupil], days: list[date]
) -> None:
    single = [pupil._replace(family=pupil.child_id) for pupil in pupils]
    planned = spread(single, days)
    for teacher in {pupil.teacher for pupil in single}:
        load = Counter(dict.fromkeys(days, 0))
        load.update(planned[pupil.child_id] for pupil in single if pupil.teacher == teacher)
        assert max(load.values()) - min(load.values()) <= 1


@given(A_SCHOOL, SOME_DAYS, st.randoms())
def test_the_order_in_which_they_come_changes_nothing(pupils: list[Pupil], days: list[date], dice: Random) -> None:
    shuffled = list(pupils)
    dice.shuffle(shuffled)
    assert spread(shuffled, days) == spread(pupils, days)


def test_without_school_days_nobody_has_one() -> None:
    assert spread([Pupil("a", "1班", "f")], []) == {}
