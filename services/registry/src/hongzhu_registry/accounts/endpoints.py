"""``/accounts``: an administrator's list of them, and ``/accounts/me`` for everybody."""

import json
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hongzhu.errors import MissingError
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.throttle import knock
from hongzhu_registry.accounts import service
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, in_place, must_match, on_record
from hongzhu_registry.weeks.links import supporter_of

router = Router(prefix="/accounts", tags=["accounts"])

PersonsRole = Literal["admin", "bureau", "school", "teacher", "agency", "auditor", "protection"]
Username = Annotated[str, Field(max_length=100)]
Password = Annotated[SecretStr, Field(max_length=1000)]
Id = Annotated[str, Field(max_length=50)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    """Whose account is opened; a school's and a teacher's need `school_id`, an agency's `agency`."""

    username: Username
    role: PersonsRole
    school_id: Id | None = None
    agency: Id | None = None
    supporter_id: Id | None = None


class Changes(_Body):
    """What an administrator may change of an account."""

    role: PersonsRole | None = None
    school_id: Id | None = None
    agency: Id | None = None
    supporter_id: Id | None = None
    disabled: bool | None = None


class FirstSignIn(_Body):
    """What the holder of a notice's link chooses; `link` is what stands behind ``/w/`` in it."""

    link: str = Field(max_length=500)
    username: Username
    password: Password


class NewPassword(_Body):
    """Changing one's own password."""

    current: Password
    new: Password


class Enrolment(_Body):
    """Beginning a second factor."""

    password: Password


class Code(_Body):
    """A code of the authenticator."""

    code: str = Field(max_length=20)


class Filters(BaseModel):
    """What a list of accounts may be narrowed by."""

    role: str | None = None
    school_id: str | None = None
    agency: str | None = None
    disabled: bool | None = None


@router.get("")
def list_accounts(
    session: InTransaction, principal: Asking, page: Paging, filters: Annotated[Filters, Query()]
) -> dict[str, Any]:
    """List the accounts."""
    principal.must_be("admin")
    columns = Account.__table__.c
    wanted = (columns[name] == value for name, value in filters.model_dump(exclude_none=True).items())
    return page.of(session, service.shown().where(*wanted), columns.id)


@router.post("", status_code=201)
def open_account(session: InTransaction, principal: Asking, once: OnlyOnce, new: NewAccount) -> JSONResponse:
    """Open an account; `password` is good for one sign-in, in which its holder chooses another.

    It is told once: whoever repeats the request gets the same account without it, and may have it reset.
    """
    principal.must_be("admin")
    told: dict[str, str] = {}

    def act() -> dict[str, Any]:
        account, told["password"] = service.open_for(session, **new.model_dump())
        return _row(session, account.id)

    return _and(once(act, new), told)


@router.post("/first-sign-in", status_code=201)
def first_sign_in(session: InTransaction, request: Request, first: FirstSignIn) -> dict[str, Any]:
    """Open a teacher's own account by the link in her notice, once."""
    supporter_id = supporter_of(session, first.link)
    with on_record(request, session, Principal(supporter_id, "link")):
        account = service.open_own(session, supporter_id, first.username, first.password.get_secret_value())
        return {"id": account.id, "username": account.username, "role": account.role}


@router.get("/me")
def show_own(session: InTransaction, principal: Asking) -> dict[str, Any]:
    """Show whose token this is."""
    return _row(session, principal.account_id)


@router.post("/me/password", status_code=204, dependencies=[Depends(in_place(knock))])
def change_password(session: InTransaction, principal: Asking, sent: NewPassword) -> None:
    """Change one's own password; every token ends, this one too."""
    service.change_password(session, principal.account_id, sent.current.get_secret_value(), sent.new.get_secret_value())


@router.post("/me/revoke", status_code=204)
def sign_out_everywhere(session: InTransaction, principal: Asking) -> None:
    """End every token of one's own."""
    access.revoke_tokens(session, principal.account_id)


@router.post("/me/totp", dependencies=[Depends(in_place(knock))])
def enrol(session: InTransaction, principal: Asking, sent: Enrolment) -> dict[str, Any]:
    """Begin a second factor (RFC 6238); `uri` goes into an authenticator, whose first code confirms it."""
    return {"uri": service.enrol(session, principal.account_id, sent.password.get_secret_value())}


@router.post("/me/totp/confirm", status_code=204)
def confirm(session: InTransaction, principal: Asking, sent: Code) -> None:
    """Confirm the second factor: from now on signing in takes a code."""
    service.confirm(session, principal.account_id, sent.code)


@router.get("/{account_id}")
def show_account(session: InTransaction, principal: Asking, response: Response, account_id: str) -> dict[str, Any]:
    """Show one account."""
    principal.must_be("admin")
    return _shown(session, response, account_id)


@router.patch("/{account_id}")
def change_account(
    account_id: str,
    changes: Changes,
    response: Response,
    *,
    session: InTransaction,
    principal: Asking,
    if_match: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    """Give an account another role or place, close it, or open it again."""
    principal.must_be("admin")
    sent = {
        name: value
        for name, value in changes.model_dump(exclude_unset=True).items()
        if name not in _NEVER_NONE or value is not None
    }
    service.change(session, principal.account_id, account_id, sent, partial(must_match, if_match))
    return _shown(session, response, account_id)


@router.post("/{account_id}/revoke", status_code=204)
def revoke(session: InTransaction, principal: Asking, account_id: str) -> None:
    """End every token of an account, at once."""
    principal.must_be("admin")
    access.revoke_tokens(session, service.of(session, account_id).id)


@router.post("/{account_id}/reset")
def reset(session: InTransaction, principal: Asking, once: OnlyOnce, account_id: str) -> JSONResponse:
    """Let somebody in again who is locked out: a password for one sign-in; the second factor and every token end."""
    principal.must_be("admin")
    told: dict[str, str] = {}

    def act() -> dict[str, Any]:
        told["password"] = service.reset(session, principal.account_id, account_id)
        return _row(session, account_id)

    return _and(once(act, None, 200), told)


_NEVER_NONE = ("role", "disabled")


def _row(session: InTransaction, account_id: str) -> dict[str, Any]:
    found = session.execute(service.shown().where(Account.id == account_id)).mappings().first()
    if found is None:
        raise MissingError
    return dict(found)


def _shown(session: InTransaction, response: Response, account_id: str) -> dict[str, Any]:
    row = _row(session, account_id)
    response.headers["ETag"] = etag(row["version"])
    return row


def _and(answer: JSONResponse, told: dict[str, str]) -> JSONResponse:
    """Add what is told once to an answer that is kept: what is kept holds no password."""
    return JSONResponse(
        json.loads(bytes(answer.body)) | told, answer.status_code, headers={"Cache-Control": "no-store"}
    )
