"""What may be done with a dossier from its page: each a form, what it is read into, and the act it carries out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children import service as children
from hongzhu_registry.children.forms import Changes
from hongzhu_registry.consents import service as consents
from hongzhu_registry.excuses import service as excuses
from hongzhu_registry.moves import service as moves
from hongzhu_registry.moves.forms import Leave, Move, Transfer
from hongzhu_registry.rest import must_match

Typed = Mapping[str, str]
Form = TypeVar("Form", bound=BaseModel)


class Pause(BaseModel):
    """The days for which a child is ill or away, and why."""

    first: date
    until: date | None = None
    reason: str = Field(min_length=1, max_length=500)


class Basis(BaseModel):
    """On what a dossier rests from now on."""

    basis: Literal["statutory_duty", "guardian_consent", "withdrawn"]
    on: date | None = None
    given_by: str | None = Field(None, max_length=20)


def correct(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Correct what was typed anew, if nobody else has changed the dossier since."""
    sent: dict[str, Any] = {}
    for name, said in typed.items():
        if name == "version":
            continue
        *role, field = name.split(".")
        of: dict[str, Any] = sent.setdefault("family", {}).setdefault(role[0], {}) if role else sent
        of[field] = said.strip() or None
    # A relative of whom nothing is said is none.
    sent["family"] = {
        role: values if any(each is not None for each in values.values()) else None
        for role, values in sent.get("family", {}).items()
    }
    sent["name"] = sent.get("name") or ""
    changes = read(Changes, sent)
    expect = partial(must_match, f'"{typed.get("version", "")}"')
    children.change(session, principal, child_id, changes.model_dump(exclude_unset=True), expect)


def transfer(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Give a child to another school."""
    moves.transfer(session, principal, child_id, **read(Transfer, _said(typed)).model_dump())


def leave(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Record that a child left."""
    moves.leave(session, principal, child_id, **read(Leave, _said(typed)).model_dump())


def come_back(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Record that a child came back."""
    moves.come_back(session, principal, child_id, on=read(Move, _said(typed)).on)


def pause(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Let nothing fall due for a while."""
    days = read(Pause, _said(typed))
    excuses.pause(session, principal, child_id, first=days.first, last=days.until, reason=days.reason)


def consent(session: Session, principal: Principal, child_id: str, typed: Typed) -> None:
    """Record on what the dossier rests, or that a consent was taken back."""
    basis = read(Basis, _said(typed))
    if basis.basis == "withdrawn":
        consents.withdraw(session, principal, child_id, withdrawn_on=basis.on)
        return
    consents.give(
        session, principal, child_id, basis=basis.basis, text_version=1, given_on=basis.on, given_by=basis.given_by
    )


@dataclass(frozen=True, slots=True)
class Act:
    """What may be done, and to children of which standing: here, or gone."""

    carry_out: Callable[[Session, Principal, str, Typed], None]
    here: bool | None = None
    """Whether only of a child that is here, or only of one that left; `None` is of both."""


ACTS: Mapping[str, Act] = {
    "correct": Act(correct),
    "transfer": Act(transfer, here=True),
    "leave": Act(leave, here=True),
    "return": Act(come_back, here=False),
    "pause": Act(pause, here=True),
    "consent": Act(consent),
}
"""By the last part of the address."""


def possible(child: Mapping[str, Any]) -> list[str]:
    """Name the acts that a child's standing allows."""
    here = child["left_on"] is None
    return [name for name, act in ACTS.items() if child["anonymised_at"] is None and act.here in (None, here)]


def read(form: type[Form], said: Mapping[str, Any]) -> Form:
    """Read what was typed into a form; raises `InvalidError` with the first field that is not as it should be."""
    try:
        return form.model_validate(said)
    except ValidationError as error:
        field = ".".join(part for part in map(str, error.errors()[0]["loc"]) if part != "family")
        raise InvalidError("This is not as it should be.", field=field) from error


def _said(typed: Typed) -> dict[str, str]:
    return {name: said.strip() for name, said in typed.items() if said.strip()}
