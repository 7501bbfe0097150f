"""The guardian's copy: what is held on a child and what for, what happened, and who looked (个人信息保护法 44, 45)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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
from hongzhu_registry.copies import links, looks, queries, words
from hongzhu_registry.database import everything
from hongzhu_registry.exports import Cell
from hongzhu_registry.programmes.queries import form_of, names, names_of_kinds
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


def workbook(session: Session, copy: Copy) -> bytes:
    """Write a copy as an xlsx file, one sheet for each part."""
    return exports.xlsx({title: [heading, *rows] for title, heading, rows in tables(session, copy)})


def tables(session: Session, copy: Copy) -> list[tuple[str, Sequence[Cell], list[Sequence[Cell]]]]:
    """Lay a copy out for people: tables with title, heading and rows, in the reader's language."""
    kinds = names_of_kinds(session) | names(session)
    return [
        (_("What is held"), [_("Field"), _("Held"), _("What for")], _held(copy)),
        (_("Family"), [_("Who"), _("Field"), _("Held"), _("What for")], _family(copy)),
        (_("What happened"), [_("Day"), _("What"), _("In detail")], _happened(copy, kinds)),
        (_("What was written"), [_("Day"), _("What"), _("In detail")], _written(session, copy, kinds)),
        (_("Who looked"), [_("When"), _("Who"), _("From where"), _("Did what")], _looked(copy)),
    ]


def _held(copy: Copy) -> list[Sequence[Cell]]:
    purposes = words.purposes()
    of_field = {each["field"]: purposes[each["purpose"]] for each in copy["fields"]}
    of_field["school"] = of_field["school_id"]
    child = {each["field"]: each["value"] for each in copy["fields"]} | {"school": copy["school"]}
    return [[title, said, of_field[name]] for name, title, said in words.held(child)]


def _family(copy: Copy) -> list[Sequence[Cell]]:
    purpose = words.purposes()[copy["family_purpose"]]
    return [
        [who, label, words.value(copy["family"][role][name]), purpose]
        for role, who in words.relatives().items()
        if role in copy["family"]
        for name, label in words.of_relatives().items()
        if copy["family"][role][name] is not None
    ]


def _happened(copy: Copy, kinds: Mapping[str, str]) -> list[Sequence[Cell]]:
    named = words.events()
    return [[each["on"], named[each["kind"]], words.detail(each, kinds)] for each in copy["timeline"]]


def _written(session: Session, copy: Copy, kinds: Mapping[str, str]) -> list[Sequence[Cell]]:
    forms = {kind: form_of(session, kind) or {} for kind in {each["kind"] for each in copy["told"]}}
    return [
        [each["on"], words.called(each["kind"], kinds), words.told(each["words"], forms[each["kind"]])]
        for each in copy["told"]
    ]


def _looked(copy: Copy) -> list[Sequence[Cell]]:
    return [[local(look.at), look.who, look.house, look.did] for look in looks.each_of(copy["seen_by"])]


def local(at: datetime) -> str:
    """Write when somebody looked, in the installation's zone."""
    return f"{at.astimezone(settings().zone):%Y-%m-%d %H:%M}"
