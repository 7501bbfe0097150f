"""The signed link in a notice: it opens one supporter's week, for as long as the week lasts, and nothing else."""

from datetime import datetime

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.errors import MissingError
from hongzhu.settings import settings
from hongzhu_registry.access.models import Account
from hongzhu_registry.sealing import key_ring

LASTS = 8 * 24 * 3600
"""Seconds: a link given on a Monday still opens on the next."""


class LinkExpiredError(MissingError):
    """A link is too old, or was never given: the two look alike on purpose."""

    title = "This link no longer opens"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key_ring().link, salt="my-week")


def link_to_week(supporter_id: str) -> str:
    """Return the link that opens a supporter's week."""
    return f"{settings().public_url or settings().registry_url}/w/{_signer().dumps([supporter_id, now().isoformat()])}"


def supporter_of(session: Session, token: str) -> str:
    """Return whose week a link opens; raises `LinkExpiredError` for one that is forged, too old or called back.

    A teacher's account being closed, or its tokens ended, calls back the links that were made before; without an account,
    which most have not, a link lasts its time.
    """
    try:
        supporter_id, made_at = _signer().loads(token, max_age=LASTS)
    except BadData as error:
        raise _expired() from error
    called_back = or_(Account.disabled, Account.revoked_at >= datetime.fromisoformat(made_at))
    if session.scalar(select(exists().where(Account.supporter_id == supporter_id, called_back))):
        raise _expired()
    return str(supporter_id)


def _expired() -> LinkExpiredError:
    return LinkExpiredError(
        "A link works for 8 days: please open the one in your latest notice. Everything you recorded is kept."
    )
