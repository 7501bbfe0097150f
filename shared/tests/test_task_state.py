"""The state of a task follows from its window, its evidence and the day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu.task_state import Window, task_state

MONDAY, SUNDAY, GRACE = date(2020, 11, 23), date(2020, 11, 29), date(2020, 12, 6)
DAY = timedelta(days=1)
WINDOW, FOR_EVER = Window(MONDAY, SUNDAY, GRACE), Window(MONDAY, SUNDAY, None)

days = st.integers(-20, 40).map(lambda n: MONDAY + n * DAY)
windows = st.tuples(days, st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9))).map(
    lambda told: Window(
        told[0], told[0] + told[1] * DAY, None if told[2] is None else told[0] + (told[1] + told[2]) * DAY
    )
)


@pytest.mark.parametrize(
    ("window", "done_on", "day", "state"),
    [
        (WINDOW, None, MONDAY - DAY, "due"),
        (WINDOW, None, SUNDAY, "due"),
        (WINDOW, None, SUNDAY + DAY, "overdue"),
        (WINDOW, None, GRACE, "overdue"),
        (WINDOW, None, GRACE + DAY, "missed"),
        (FOR_EVER, None, date(2099, 1, 1), "overdue"),
        (WINDOW, MONDAY - DAY, SUNDAY, "due"),
        (WINDOW, MONDAY, SUNDAY, "done"),
        (WINDOW, SUNDAY, GRACE + DAY, "done"),
        (WINDOW, SUNDAY + DAY, GRACE + DAY, "late"),
        (WINDOW, GRACE, GRACE + DAY, "late"),
        (WINDOW, GRACE + DAY, GRACE + DAY, "missed"),
        (FOR_EVER, date(2099, 1, 1), date(2099, 1, 2), "late"),
    ],
)
def test_a_task_turns_on_the_day_after_each_boundary(
    window: Window, done_on: date | None, day: date, state: str
) -> None:
    assert task_state(window, done_on, day) == state


@given(windows, days, days, days)
def test_what_was_done_in_its_window_stays_done_whatever_the_day(
    window: Window, done_on: date, day: date, later: date
) -> None:
    if window.accepts(done_on):
        assert task_state(window, done_on, day) == task_state(window, done_on, later)
        assert task_state(window, done_on, day) in ("done", "late")
    else:
        assert task_state(window, done_on, day) == task_state(window, None, day)


@given(windows, days)
def test_an_open_task_only_ever_gets_worse(window: Window, day: date) -> None:
    order = ("due", "overdue", "missed")
    assert order.index(task_state(window, None, day)) <= order.index(task_state(window, None, day + DAY))
