"""What happened is said on the bus, with ids and a number, so that what is due because of it falls due.

Saying it again changes nothing: an event's id follows from what happened.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.messages import Happened, SubjectEvent, batches
from hongzhu_registry.database import everything, publish
from hongzhu_registry.events import queries

DROP, REFERRAL, ENROLMENT, ROSTER = "assessment_drop", "referral", "enrolment", "roster_change"
REFERRAL_ACCEPTED, HARDSHIP, MANDATORY_REPORT = "referral_accepted", "hardship_change", "mandatory_report"
"""The kinds of event that a programme may wait for (`hongzhu.programme.OnEvent`)."""


def say_drops(session: Session, children: Iterable[str] | None = None) -> None:
    """Say by how many points children fell in a test; all that were tested on one day are one event."""
    with everything(session):
        by_day: defaultdict[date, dict[str, float | None]] = defaultdict(dict)
        for day, child_id, points in queries.drops(session, _sorted(children)):
            by_day[day][child_id] = float(points)
    for day, fell in sorted(by_day.items()):
        _say(session, DROP, f"drop-{day}", day, fell)


def say_referrals(session: Session, ids: Iterable[str] | None = None) -> None:
    """Say that children were referred, and that agencies took them on: each an event of its own."""
    with everything(session):
        offered = sorted(queries.referrals(session, _sorted(ids)))
        accepted = sorted(queries.acceptances(session, _sorted(ids)))
    for kind, found in ((REFERRAL, offered), (REFERRAL_ACCEPTED, accepted)):
        for event, day, child_id in found:
            _say(session, kind, event, day, {child_id: None})


def say_enrolments(session: Session, ids: Iterable[str] | None = None) -> None:
    """Say that children got a place; all that begin on one day are one event."""
    with everything(session):
        by_day: defaultdict[date, dict[str, float | None]] = defaultdict(dict)
        for day, child_id in queries.enrolments(session, _sorted(ids)):
            by_day[day][child_id] = None
    for day, enrolled in sorted(by_day.items()):
        _say(session, ENROLMENT, f"enrolment-{day}", day, enrolled)


def say_roster_changed(session: Session, schools: Iterable[str]) -> None:
    """Say that children came to schools or left them today."""
    if changed := dict.fromkeys(sorted(schools)):
        _say(session, ROSTER, f"roster-{today()}", today(), changed)


def say_hardship_changed(session: Session, children: Iterable[str]) -> None:
    """Say that whether children are poor is told otherwise today than before."""
    if changed := dict.fromkeys(children):
        _say(session, HARDSHIP, f"hardship-{today()}", today(), changed)


def say_mandatory_report(session: Session, report_id: str, day: date, agency: str) -> None:
    """Say to the agency that must answer that a report came in: it happened to the agency, and of whom it tells is not said."""
    _say(session, MANDATORY_REPORT, report_id, day, {agency: None})


def announce(session: Session) -> None:
    """Say everything that happened once more; a changed roster, or a changed hardship, of a day that is past is not."""
    say_drops(session)
    say_referrals(session)
    say_enrolments(session)
    for report_id, day, agency in queries.mandatory_reports(session):
        say_mandatory_report(session, report_id, day, agency)


def _say(session: Session, kind: str, event: str, day: date, amounts: Mapping[str, float | None]) -> None:
    happened = [Happened(subject_id=each, amount=amounts[each]) for each in sorted(amounts)]
    publish(
        session,
        *(SubjectEvent(event=event, kind=kind, occurred_on=day, subjects=some) for some in batches(happened)),
    )


def _sorted(ids: Iterable[str] | None) -> Sequence[str] | None:
    return None if ids is None else sorted(set(ids))
