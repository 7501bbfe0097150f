"""Taking in records of talks, lessons, calls, visits and home teaching: each is evidence for its child."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import now
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.imports.hashing import content_hash, values_of
from hongzhu_registry.imports.keeping import identity, keep
from hongzhu_registry.imports.places import about_children
from hongzhu_registry.imports.result import Result
from hongzhu_registry.records.models import Record
from hongzhu_registry.workbooks import Record as Row

_TOLD = ("topic", "subject", "channel", "form", "hours", "note")
"""What a record says beside who, whom and when; only the fields of its kind are filled."""


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the records of a sheet; two rows that say the very same are two records."""
    seen: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    subjects: dict[str, str] = {}
    for row, child_id, school_id in about_children(session, rows, result):
        said = content_hash(values_of(row))
        seen[said] += 1
        key = identity(Record, said, seen[said])
        subjects[key] = child_id
        found.append(
            {
                "identity": key,
                "kind": row.kind,
                "school_id": school_id,
                "occurred_on": row.occurred_on,
                "data": {name: value for name in _TOLD if (value := getattr(row, name))},
                "recorded_by": row.recorded_by or None,
            }
        )
    filed_at = now()
    ids, new, _ = keep(session, Record, found, result, "records", also={"filed_at": filed_at})
    evidence.file(
        session,
        [
            messages.Evidence(
                id=ids[each["identity"]],
                kind=each["kind"],
                subject_id=subjects[each["identity"]],
                done_on=each["occurred_on"],
            )
            for each in found
            if ids[each["identity"]] in new
        ],
    )
