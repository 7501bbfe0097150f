"""How long a dossier is followed and kept: rules of days, and nothing else."""

from datetime import date, timedelta

STATUTORY_DUTY, GUARDIAN_CONSENT, WITHDRAWN = "statutory_duty", "guardian_consent", "withdrawn"
"""What a dossier rests on; `WITHDRAWN` is a consent that was taken back, with nothing in its place."""
NOTICE = timedelta(days=30)
"""How long a dossier stays in clear at least, from the day on which something was recorded that ends it: time to see a mistake."""


def watch_until(left_on: date, watch_days: int, *, recorded_on: date) -> date:
    """Return the last day on which the dossier of a child that left is followed: it is until somebody has said so."""
    return max(left_on + timedelta(days=watch_days), recorded_on)


def retention_ends(
    *, watched_until: date | None, withdrawn_on: date | None, retention_days: int, recorded_on: date
) -> date | None:
    """Return the last day on which a dossier is kept in clear; None while the child is here and its basis stands.

    The clock starts with the end of the watch period, or with the day on which the withdrawal was recorded, whichever comes
    first (个人信息保护法 19, 47).  Whatever is recorded leaves `NOTICE`.
    """
    starts = [day for day in (watched_until, withdrawn_on) if day is not None]
    return max(min(starts) + timedelta(days=retention_days), recorded_on + NOTICE) if starts else None
