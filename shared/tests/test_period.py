"""A period and a task's id depend on the trigger and the date only."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu.period import event, holiday, monday, month, school_year, since, start_of, task_id, term, turn, week, year

days = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 1, 1))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)
keys = st.tuples(texts, texts, texts)


@given(days, st.integers(0, 6))
def test_every_day_of_a_week_has_its_monday(day: date, later: int) -> None:
    first = monday(day)
    assert first.weekday() == 0
    assert first <= day < first + timedelta(days=7)
    assert monday(first + timedelta(days=later)) == first
    assert week(first + timedelta(days=later)) == f"week:{first.isoformat()}"
    assert week(first + timedelta(days=7)) != week(first)


@given(days)
def test_an_episode_is_named_by_its_first_day(day: date) -> None:
    assert since(day) == f"since:{day.isoformat()}"


@given(days)
def test_a_period_is_filed_under_a_day_that_its_name_alone_says(day: date) -> None:
    assert start_of(week(day)) == monday(day)
    assert start_of(since(day)) == day
    assert start_of(month(day)) == day.replace(day=1)
    assert start_of(year(school_year(day))) <= day < start_of(year(school_year(day) + 1))
    assert start_of(turn(year(2020), 3)) == start_of(year(2020)) == date(2020, 8, 1)


@pytest.mark.parametrize(
    ("first", "name", "holiday_name", "filed_under"),
    [
        (date(2020, 9, 1), "term:2020-1", "holiday:2021-winter", date(2020, 8, 1)),
        (date(2020, 8, 28), "term:2020-1", "holiday:2021-winter", date(2020, 8, 1)),
        (date(2021, 2, 22), "term:2020-2", "holiday:2021-summer", date(2021, 2, 1)),
        (date(2020, 4, 7), "term:2019-2", "holiday:2020-summer", date(2020, 2, 1)),
    ],
)
def test_a_term_and_the_holiday_after_it_have_their_names_from_the_school_year(
    first: date, name: str, holiday_name: str, filed_under: date
) -> None:
    assert (term(first), holiday(name), start_of(name)) == (name, holiday_name, filed_under)
    assert start_of(holiday_name) in (date(int(holiday_name[8:12]), 1, 1), date(int(holiday_name[8:12]), 7, 1))
    assert turn(name, 2) == f"turn:{name[5:]}/2"
    assert start_of(turn(name, 2)) == filed_under


def test_an_event_s_own_day_is_not_in_its_name() -> None:
    with pytest.raises(ValueError, match="says no day"):
        start_of(event("drop-1"))


@given(keys, keys)
def test_tasks_have_one_id_exactly_when_they_are_one_task(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (task_id(*one) == task_id(*other)) == (one == other)


def test_a_tasks_id_is_the_same_in_every_release() -> None:
    assert task_id("carers.talk", "c1", "week:2020-11-23") == "12c856bf-d442-53db-ae89-d19e3c29e307"
