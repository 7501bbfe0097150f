"""``/children/{id}/consent``: on what basis a dossier is held."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children.queries import require
from hongzhu_registry.consents import service
from hongzhu_registry.rest import Asking, InTransaction, Router

router = Router(prefix="/children/{child_id}/consent", tags=["children"])


class NewConsent(BaseModel):
    """A basis to be recorded."""

    model_config = ConfigDict(extra="forbid")

    basis: Literal["statutory_duty", "guardian_consent"]
    text_version: int = Field(1, ge=1, le=1000)
    given_on: date | None = None
    given_by: str | None = Field(None, min_length=1, max_length=20)


class Withdrawal(BaseModel):
    """A consent to be taken back."""

    model_config = ConfigDict(extra="forbid")

    withdrawn_on: date | None = None


@router.get("")
def show_consent(session: InTransaction, principal: Asking, child_id: str) -> dict[str, Any]:
    """List what the dossier has rested on, the newest first."""
    principal.must_be("bureau", "school")
    require(session, principal, [child_id])
    return {"items": service.history(session, child_id), "next": None}


@router.post("", status_code=201)
def give_consent(session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, consent: NewConsent) -> Any:
    """Record on what basis the dossier is held from now on."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.give(session, principal, child_id, **consent.model_dump())
        return service.history(session, child_id)[0]

    return once(act, consent)


@router.post("/withdraw", status_code=201)
def withdraw_consent(
    session: InTransaction, principal: Asking, once: OnlyOnce, child_id: str, withdrawal: Withdrawal
) -> Any:
    """Record that the guardian took the consent back; that it was given stays on record."""
    principal.must_be("bureau", "school")

    def act() -> dict[str, Any]:
        service.withdraw(session, principal, child_id, withdrawn_on=withdrawal.withdrawn_on)
        return service.history(session, child_id)[0]

    return once(act, withdrawal)
