"""The guardian's copy: what is held on a child and what for, what happened, and who looked (个人信息保护法 44, 45)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hongzhu.clock import now, today
from hongzhu.errors import MissingError
from hongzhu.i18n import _
from hongzhu.settings import settings
from hongzhu_registry import exports
from hongzhu_registry.access.policy import DOSSIER, Principal
from hongzhu_registry.children.models import Child
from hongzhu_registry.children.opening import opened
from hongzhu_registry.consents import service as consents
from hongzhu_registry.copies import links, queries, words
from hongzhu_registry.database import everything
from hongzhu_registry.exports import Cell
from hongzhu_registry.schools.models import School
from hongzhu_registry.timeline import queries as timeline

Copy = Mapping[str, Any]
AS_FILE = {
    "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "Content-Disposition": 'attachment; filename="dossier.xlsx"',
    "Cache-Control": "no-store",
}
"""How a copy goes out as a file, whose name tells nothing."""


def copy_of(session: Session, principal: Principal, child_id: str) -> Copy:
    """Make the copy of a dossier that somebody may have; raises `MissingError` once it is anonymous."""
    with everything(session):  # who looked is nobody's else to read
        child = session.get(Child, child_id)
        if child is None or child.anonymised_at is not None:
            raise MissingError
        school = session.get_one(School, child.school_id)
        held = {name: getattr(child, name) for name in DOSSIER if hasattr(child, name)}
        held |= opened(session, principal, child_id)
        family = held.pop("family")
        events = timeline.newest_first(session, timeline.events(session, principal, child_id), limit=None, cursor=None)
        return {
            "child_id": child_id,
            "made_on": today(),
            "school": school.name,
            "fields": [{"field": name, "value": value, "purpose": DOSSIER[name]} for name, value in held.items()],
            "family": family,
            "family_purpose": DOSSIER["family"],
            "consent": consents.history(session, child_id),
            "timeline": [{name: value for name, value in each.items() if name != "key"} for each in events],
            "told": queries.told(session, child_id),
            "seen_by": queries.seen_by(session, child_id),
        }


def link(child_id: str) -> dict[str, Any]:
    """Give the link that opens the copy for a guardian."""
    return {"url": links.link_to_copy(child_id), "expires_at": now() + links.LASTS}


def see_open(session: Session, child_id: str, made_at: datetime) -> None:
    """See that a link made at that time was not called back since; raises `CopyLinkExpiredError`."""
    ended = Child.links_ended_at >= made_at
    if session.scalar(select(Child.id).where(Child.id == child_id, func.coalesce(ended, False).is_(False))) is None:
        raise links.expired()


def call_back(session: Session, child_id: str) -> None:
    """Let no link that was given for a child open any more."""
    session.execute(update(Child).where(Child.id == child_id).values(links_ended_at=now()))


def workbook(copy: Copy) -> bytes:
    """Write a copy as an xlsx file, one sheet for each part."""
    return exports.xlsx({title: [heading, *rows] for title, heading, rows in tables(copy)})


def tables(copy: Copy) -> list[tuple[str, Sequence[Cell], list[Sequence[Cell]]]]:
    """Lay a copy out for people: tables with title, heading and rows, in the reader's language."""
    return [
        (_("What is held"), [_("Field"), _("Held"), _("What for")], _held(copy)),
        (_("Family"), [_("Who"), _("Field"), _("Held"), _("What for")], _family(copy)),
        (_("What happened"), [_("Day"), _("What"), _("In detail")], _happened(copy)),
        (_("What was written"), [_("Day"), _("What"), _("In detail")], _written(copy)),
        (_("Who looked"), [_("When"), _("Who"), _("From where"), _("Did what")], _looked(copy)),
    ]


def _held(copy: Copy) -> list[Sequence[Cell]]:
    purposes = words.purposes()
    known = {each["field"]: each for each in copy["fields"]}
    known["school"] = {"value": copy["school"], "purpose": DOSSIER["school_id"]}
    return [
        [label, words.value(known[name]["value"]), purposes[known[name]["purpose"]]]
        for name, label in words.fields().items()
        if name in known
    ]


def _family(copy: Copy) -> list[Sequence[Cell]]:
    purpose = words.purposes()[copy["family_purpose"]]
    return [
        [who, label, words.value(copy["family"][role][name]), purpose]
        for role, who in words.relatives().items()
        if role in copy["family"]
        for name, label in words.of_relatives().items()
        if copy["family"][role][name] is not None
    ]


def _happened(copy: Copy) -> list[Sequence[Cell]]:
    named, fields = words.events(), words.fields() | words.relatives()

    def detail(event: Mapping[str, Any]) -> str:
        changed = [fields.get(name.partition(".")[0], name) for name in event["fields"] or ()]
        said = [event["what"] if not changed else None, event["amount"], *dict.fromkeys(changed)]
        return " ".join(words.value(each) for each in said if each is not None)

    return [[each["on"], named[each["kind"]], detail(each)] for each in copy["timeline"]]


def _written(copy: Copy) -> list[Sequence[Cell]]:
    return [[each["on"], each["kind"], words.value(each["words"])] for each in copy["told"]]


def _looked(copy: Copy) -> list[Sequence[Cell]]:
    roles, acts = words.roles(), words.acts()
    return [
        [
            _local(each["at"]),
            roles.get(each["role"], each["role"]),
            each["house"],
            acts.get(each["action"].partition(" ")[0], each["action"]),
        ]
        for each in copy["seen_by"]
    ]


def _local(at: Any) -> str:
    # SQLite gives times back without their zone; all are UTC.
    offset = settings().zone.utcoffset(at.replace(tzinfo=None)) or timedelta()
    return f"{at.replace(tzinfo=None) + offset:%Y-%m-%d %H:%M}"
