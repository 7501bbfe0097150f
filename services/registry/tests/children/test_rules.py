"""How long a dossier is followed and kept."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hongzhu_registry.retention.rules import NOTICE, retention_ends, watch_until

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
lengths = st.integers(0, 10_000)


@given(days, lengths, lengths)
def test_a_dossier_is_followed_for_as_many_days_as_are_set_and_until_somebody_says_that_the_child_left(
    left_on: date, watch_days: int, later: int
) -> None:
    recorded_on = left_on + timedelta(days=later)
    assert (watch_until(left_on, watch_days, recorded_on=recorded_on) - left_on).days == max(watch_days, later)


@given(st.none() | days, st.none() | days, lengths, days)
def test_the_clock_runs_from_the_first_reason_and_only_with_one_and_leaves_time_to_see_a_mistake(
    watched: date | None, withdrawn: date | None, retention_days: int, recorded_on: date
) -> None:
    ends = retention_ends(
        watched_until=watched, withdrawn_on=withdrawn, retention_days=retention_days, recorded_on=recorded_on
    )
    reasons = [day for day in (watched, withdrawn) if day]
    if not reasons:
        assert ends is None
    else:
        assert ends is not None
        assert ends >= recorded_on + NOTICE
        assert ends in (min(reasons) + timedelta(days=retention_days), recorded_on + NOTICE)


@given(days, days, lengths, days)
def test_a_second_reason_never_keeps_a_dossier_longer(
    one: date, other: date, retention_days: int, recorded_on: date
) -> None:
    said = {"retention_days": retention_days, "recorded_on": recorded_on}
    alone = retention_ends(watched_until=one, withdrawn_on=None, **said)
    both = retention_ends(watched_until=one, withdrawn_on=other, **said)
    assert both is not None
    assert alone is not None
    assert both <= alone
