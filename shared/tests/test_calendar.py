"""School days are the bureau's over the State Council's, and never a guess."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu.calendar import NOT_ANNOUNCED, Holiday, MakeUp, SchoolCalendar, SchoolException, Term
from hongzhu.programme import Days, SchoolWeeks

DAY = timedelta(days=1)
AUTUMN = Term(name="autumn", first=date(2020, 9, 1), last=date(2021, 1, 22))
SPRING = Term(name="spring", first=date(2024, 2, 26), last=date(2024, 7, 5))
FUTURE = Term(name="future", first=date(2035, 9, 3), last=date(2036, 1, 18))
CALENDAR = SchoolCalendar(
    terms=(AUTUMN, SPRING, FUTURE),
    holidays=(Holiday(first=date(2020, 11, 5), last=date(2020, 11, 6)),),
    make_ups=(MakeUp(first=date(2020, 11, 7), last=date(2020, 11, 7)),),
    exceptions=(SchoolException(school_id="s1", first=date(2020, 11, 23), last=date(2020, 11, 29)),),
)


@pytest.mark.parametrize(
    ("day", "teaches"),
    [
        (date(2020, 11, 23), True),
        (date(2020, 11, 21), False),  # a Saturday
        (date(2020, 10, 1), False),  # National Day
        (date(2020, 10, 10), True),  # a Saturday that the State Council moved a working day to
        (date(2020, 11, 5), False),  # the bureau's own holiday
        (date(2020, 11, 7), True),  # the bureau's own make-up day, a Saturday
        (date(2020, 8, 31), False),  # before the term
        (date(2021, 1, 22), True),
        (date(2021, 1, 23), False),
        (date(2024, 2, 29), True),  # a leap day
        (date(2035, 10, 1), True),  # nobody has announced that year: its week-days are all we know
        (date(2035, 10, 6), False),
    ],
)
def test_a_school_day_is_one_that_somebody_announced(day: date, teaches: bool) -> None:
    assert CALENDAR.is_school_day(day) is teaches


def test_a_schools_exception_is_its_own() -> None:
    day = date(2020, 11, 25)
    assert not CALENDAR.is_school_day(day, "s1")
    assert CALENDAR.is_school_day(day, "s2")
    assert CALENDAR.is_school_day(day)


def test_a_schools_exception_is_stronger_than_a_make_up_day_but_that_is_stronger_than_a_week_end() -> None:
    moved = CALENDAR.model_copy(
        update={"exceptions": (SchoolException(school_id="s1", first=date(2020, 11, 7), last=date(2020, 11, 7)),)}
    )
    assert moved.is_school_day(date(2020, 11, 7))
    assert not moved.is_school_day(date(2020, 11, 7), "s1")


def test_a_week_of_holidays_is_no_school_week() -> None:
    # The National Day week of 2020, whose make-up Saturday belongs to the week after it.
    weeks = list(CALENDAR.school_weeks(date(2020, 9, 28), date(2020, 10, 18)))
    assert weeks == [date(2020, 9, 28), date(2020, 10, 5), date(2020, 10, 12)]
    without = CALENDAR.model_copy(update={"holidays": (Holiday(first=date(2020, 10, 5), last=date(2020, 10, 11)),)})
    assert list(without.school_weeks(date(2020, 9, 28), date(2020, 10, 18))) == [date(2020, 9, 28), date(2020, 10, 12)]


def test_a_holiday_is_stronger_than_a_make_up_day() -> None:
    both = CALENDAR.model_copy(update={"holidays": (Holiday(first=date(2020, 11, 7), last=date(2020, 11, 7)),)})
    assert not both.is_school_day(date(2020, 11, 7))


def test_beyond_its_last_term_a_calendar_says_that_nothing_is_announced() -> None:
    assert CALENDAR.announced(FUTURE.last)
    assert not CALENDAR.announced(FUTURE.last + DAY)
    assert not CALENDAR.announced(AUTUMN.first - DAY)
    assert not SchoolCalendar().announced(date(2020, 11, 23))


def test_school_days_are_counted_over_week_ends_and_holidays_and_never_beyond_what_is_announced() -> None:
    assert CALENDAR.days.after(date(2020, 11, 20), 1) == date(2020, 11, 23)
    assert CALENDAR.days.after(date(2020, 11, 4), 1) == date(2020, 11, 7)
    assert CALENDAR.days.after(date(2020, 11, 23), 0) == date(2020, 11, 23)
    assert CALENDAR.days.after(date(2021, 1, 22), 1) == SPRING.first  # there is no school between the terms
    assert CALENDAR.days.after(FUTURE.last - DAY, 1) == FUTURE.last
    assert CALENDAR.days.after(FUTURE.last - DAY, 2) == NOT_ANNOUNCED
    assert SchoolCalendar().days.after(date(2020, 11, 20), 5) == NOT_ANNOUNCED
    assert SchoolCalendar().days.after(date(2020, 11, 20), 0) == date(2020, 11, 20)


def test_school_weeks_and_days_are_counted_on_from_the_day_after() -> None:
    wednesday = date(2020, 9, 23)  # the National Day week that follows the next has two school days
    assert CALENDAR.days.after(wednesday, SchoolWeeks(school_weeks=2)) == date(2020, 10, 11)
    assert CALENDAR.days.after(FUTURE.last, SchoolWeeks(school_weeks=1)) == NOT_ANNOUNCED
    assert CALENDAR.days.after(FUTURE.last, Days(days=7)) == FUTURE.last + 7 * DAY


def test_a_calendar_is_the_same_after_it_has_travelled() -> None:
    assert SchoolCalendar.model_validate_json(CALENDAR.model_dump_json()) == CALENDAR


@given(st.dates(date(2018, 1, 1), date(2030, 1, 1)), st.integers(0, 40))
def test_counting_on_never_goes_back_and_passes_as_many_school_days_as_it_says(day: date, count: int) -> None:
    last = CALENDAR.days.after(day, count)
    assert last >= day
    if last == NOT_ANNOUNCED:
        left = sum(CALENDAR.is_school_day(day + n * DAY) for n in range(1, max((FUTURE.last - day).days, 0) + 1))
        assert left < count
        return
    between = [day + n * DAY for n in range(1, (last - day).days + 1)]
    passed = [d for d in between if CALENDAR.is_school_day(d)]
    assert len(passed) == count


@given(st.dates(date(2020, 8, 1), date(2021, 2, 28)), st.integers(0, 60))
def test_a_school_week_is_one_with_a_school_day_in_it(first: date, long: int) -> None:
    weeks = set(CALENDAR.school_weeks(first, first + long * DAY))
    for n in range(long + 1):
        day = first + n * DAY
        start = day - timedelta(days=day.weekday())
        assert (start in weeks) == any(CALENDAR.is_school_day(start + k * DAY) for k in range(7))
