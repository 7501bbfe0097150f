"""A child's family: who its parents are, who is away, where and since when, who guards it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu_registry.children.models import Relative
from hongzhu_registry.sealing import key_ring

PARENTS = ("father", "mother")
ROLES = (*PARENTS, "guardian")
_SAID = ("name", "relation", "place", "away", "away_since", "able")
AWAY_MONTHS = 3
"""Months that a parent must be away for a child to count as left behind, by the rules of the school record."""


def opened(child_id: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return a child's relatives with their telephone numbers; each row is one, or none, of `children.queries.sealed`."""
    return {
        role: {name: each[f"relative_{name}"] for name in _SAID}
        | {"phone": _phone(child_id, role, each["relative_phone"])}
        for each in rows
        if (role := each["relative_role"])
    }


def change(session: Session, child_id: str, sent: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """Keep what was sent of some relatives, None taking one out; return what changed, ``{"father.name": [old, new]}``."""
    if not sent:
        return {}
    known = _relatives(session, child_id)
    changed: dict[str, Any] = {}
    for role, values in sent.items():
        relative = known.get(role)
        before = _shown(relative) if relative else {}
        after = {} if values is None else before | dict(values)
        for name in (*_SAID, "phone"):
            old, new = before.get(name), after.get(name)
            if old != new:
                changed[f"{role}.{name}"] = None if name == "phone" else [old, new]
        if values is None:
            if relative:
                session.delete(relative)
            continue
        row = relative or Relative(child_id=child_id, role=role)
        for name in _SAID:
            setattr(row, name, after.get(name))
        if before.get("phone") != after.get("phone"):
            row.phone = key_ring().seal(after.get("phone"), "relative", f"phone.{role}", child_id)
        session.add(row)
    session.flush()
    return changed


def left_behind(family: Mapping[str, Mapping[str, Any]], day: date) -> dict[str, Any]:
    """Say whether a child is left behind, by each regime; None is not known.

    ``school_record``: ``both`` or ``one`` parent away for three months (全国中小学生学籍信息管理系统); ``state_council``: both away,
    or one away and the other not able to guard (国发〔2016〕13号).
    """
    parents = [family[role] for role in PARENTS if role in family]
    away = [each for each in parents if each.get("away") and _long_enough(each.get("away_since"), day)]
    known = len(parents) == len(PARENTS) and all(each.get("away") is not None for each in parents)
    if len(away) == len(PARENTS):
        return {"school_record": "both", "state_council": True}
    if len(away) == 1:
        able = [each.get("able") for each in parents if each is not away[0]]
        return {"school_record": "one", "state_council": None if able in ([], [None]) else not able[0]}
    return {"school_record": "none" if known else None, "state_council": False if known else None}


def _long_enough(since: str | None, day: date) -> bool:
    # Nobody is entered as away who only left last week; so an unknown month counts, and so does a year alone that is over.
    if since is None:
        return True
    year, _, month = since.partition("-")
    return (day.year - int(year)) * 12 + day.month - int(month or 1) >= AWAY_MONTHS


def _relatives(session: Session, child_id: str) -> dict[str, Relative]:
    return {each.role: each for each in session.scalars(select(Relative).where(Relative.child_id == child_id))}


def _shown(relative: Relative) -> dict[str, Any]:
    said = {name: getattr(relative, name) for name in _SAID}
    return said | {"phone": _phone(relative.child_id, relative.role, relative.phone)}


def _phone(child_id: str, role: str, sealed: bytes | None) -> str | None:
    return key_ring().open(sealed, "relative", f"phone.{role}", child_id)
