"""Taking in referrals; a child that was counselled is evidence."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongzhu_registry.events.service import say_referrals
from hongzhu_registry.evidence.service import file_for
from hongzhu_registry.imports.keeping import Distinct, identity, keep
from hongzhu_registry.imports.places import about_children
from hongzhu_registry.imports.result import Result
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.referrals.service import file_answers
from hongzhu_registry.workbooks import Referral as Row


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the referrals of a sheet."""
    found = Distinct(result)
    for row, child_id, school_id in about_children(session, rows, result):
        found.add(
            row.source,
            {
                "identity": identity(Referral, child_id, row.referred_on, row.referred_to),
                "child_id": child_id,
                "school_id": school_id,
                "organisation": row.referred_to,
                "cause": row.cause or None,
                "referred_on": row.referred_on,
                "accepted_on": row.accepted_on,
                "counselled_on": row.counselled_on,
            },
        )
    stored = result.stored
    ids, _, written = keep(session, Referral, found, result, "referrals")
    if result.stored > stored:  # else it has been said
        say_referrals(session, ids.values())
    # What was corrected since, and is handed in the same again, stays as it was corrected.
    told = [each for each in found if ids[each["identity"]] in written]
    file_answers(session, [(ids[each["identity"]], each["child_id"], each["accepted_on"]) for each in told])
    counselled = [each for each in told if each["counselled_on"]]
    file_for(
        session,
        "counselling",
        [(ids[each["identity"]], each["child_id"], each["counselled_on"]) for each in counselled],
    )
