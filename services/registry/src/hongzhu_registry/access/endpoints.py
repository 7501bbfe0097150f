"""``/token``: signing in and out."""

from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.orm import Session

from hongzhu_registry.access import service
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.service import Given
from hongzhu_registry.access.signing_in import sign_in as let_in
from hongzhu_registry.rest import Asking, InTransaction, Router, bearer, in_place

router = Router(tags=["access"])


@router.post("/token")
def sign_in(
    request: Request,
    form: Annotated[OAuth2PasswordRequestForm, Depends(in_place(OAuth2PasswordRequestForm))],
    totp: Annotated[str | None, Form(max_length=20)] = None,
    new_password: Annotated[str | None, Form(max_length=1000)] = None,
) -> dict[str, Any]:
    """Exchange a user name and password for a bearer token (RFC 6749 4.3)."""
    token = let_in(request, Given(form.username, form.password, totp, new_password), _token)
    return {"access_token": token, "token_type": "bearer", "expires_in": int(service.PERSON_TOKEN.total_seconds())}


def _token(session: Session, account: Account) -> str:
    return service.issue_token(session, account.id, service.PERSON_TOKEN)


@router.delete("/token", status_code=204)
def sign_out(session: InTransaction, _principal: Asking, token: Annotated[str, Depends(bearer)]) -> None:
    """End the token that this is asked with."""
    service.end_token(session, token)
