"""Throttling: whoever guesses passwords is slowed, and the owner of the account is not kept out by it.

Three counters of failures: of an account from one address; of an account from all addresses it never signed in from,
together; of an address over all accounts.  A browser in which an account signed in before is a place of its own, which whoever
sits behind the same address cannot use up.  Counters are those of the library `limits`, kept in the database.
"""

import hmac
import secrets
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from itsdangerous import BadData, URLSafeSerializer
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.database import upsert
from hongzhu.errors import TooManyError
from hongzhu.installation import hash_of
from hongzhu_registry.access.models import Account, Attempts, KnownAddress, Token
from hongzhu_registry.database import database
from hongzhu_registry.sealing import key_ring

PAIR = RateLimitItemPerMinute(10, 15, namespace="pair")
"""Failures of one account from one address: ten in a quarter of an hour."""
STRANGERS = RateLimitItemPerHour(30, namespace="strangers")
"""Failures of one account from all addresses together that are not its own."""
ADDRESS = RateLimitItemPerMinute(100, 15, namespace="address")
"""Failures from one address over all accounts: a whole school may sit behind one."""
REMEMBERED = timedelta(days=365)
"""How long an address, or a browser, counts as an account's own after it last signed in from there."""
BROWSER = "hongzhu_browser"
"""The cookie by which a browser is known again; it opens nothing."""


class _Counters(Storage):
    """The counters of `limits` in the database, so that they hold across processes; one statement each."""

    STORAGE_SCHEME = None
    base_exceptions = SQLAlchemyError

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        moment = now().timestamp()
        begin = upsert(self._session, Attempts.__table__).values(  # type: ignore[arg-type]  # a declarative class's table is a Table
            key=_hash(key), count=amount, expires_at=moment + expiry
        )
        over = Attempts.expires_at <= moment
        count = begin.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, begin.excluded.count), else_=Attempts.count + amount),
                "expires_at": case((over, begin.excluded.expires_at), else_=Attempts.expires_at),
            },
        ).returning(Attempts.count)
        return int(self._session.execute(count).scalar_one())

    def get(self, key: str) -> int:
        running = select(Attempts.count).where(Attempts.key == _hash(key), Attempts.expires_at > now().timestamp())
        return self._session.scalar(running) or 0

    def get_expiry(self, key: str) -> float:
        return self._session.scalar(select(Attempts.expires_at).where(Attempts.key == _hash(key))) or now().timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return self._session.execute(delete(Attempts)).rowcount  # type: ignore[attr-defined,no-any-return]  # a DELETE answers with a CursorResult

    def clear(self, key: str) -> None:
        self._session.execute(delete(Attempts).where(Attempts.key == _hash(key)))


def address_of(request: Request) -> str:
    """Return where a request comes from; of IPv6 the network, since one household has all its addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def place_of(request: Request, username: str) -> str:
    """Return where an attempt comes from: the browser in which the account signed in before, or else the address."""
    told = request.cookies.get(BROWSER, "")
    try:
        of_account, _browser = _browsers().loads(told)
    except (BadData, ValueError, TypeError):
        return address_of(request)
    mine = isinstance(of_account, str) and hmac.compare_digest(of_account, _hash(username).hex())
    return f"{BROWSER} {told}" if mine else address_of(request)


def new_browser(username: str) -> str:
    """Make what tells a browser again in which an account has signed in."""
    return str(_browsers().dumps([_hash(username).hex(), secrets.token_urlsafe(16)]))


def _browsers() -> URLSafeSerializer:
    return URLSafeSerializer(key_ring().link, salt="known-browser")


def admit(session: Session, username: str, address: str) -> None:
    """Count an attempt, before the password is looked at; raises `TooManyError`, and then it does not count.

    `welcome` takes it back once somebody is in, so that what stays counted are failures.
    """
    limiter = FixedWindowRateLimiter(_Counters(session))
    for item, *of in _limits(session, username, address):
        if not limiter.hit(item, *of):
            seconds = max(1, round(limiter.get_window_stats(item, *of).reset_time - now().timestamp()))
            raise TooManyError(
                "There were too many attempts to sign in. Please wait {minutes} minutes.",
                seconds=seconds,
                minutes=-(-seconds // 60),
            )


def knock(request: Request, token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="/api/v1/token"))]) -> None:
    """Count, as an attempt to sign in, a request in which somebody who is signed in gives the password again.

    Whoever has only found a token must not guess the password with it.
    """
    with database.transaction() as session:
        username = session.scalar(
            select(Account.username).join(Token).where(Token.hash == bytes.fromhex(hash_of(token)))
        )
        if username is not None:
            admit(session, username, address_of(request))


def welcome(session: Session, account: Account, address: str) -> None:
    """Take an attempt back that was none, and remember the address as one of the account's own."""
    counters = _Counters(session)
    for item, *of in _limits(session, account.username, address):
        if item is PAIR:
            counters.clear(item.key_for(*of))
        else:
            counters.incr(item.key_for(*of), item.get_expiry(), amount=-1)
    known = upsert(session, KnownAddress.__table__).values(  # type: ignore[arg-type]  # a declarative class's table is a Table
        account_id=account.id, address=_hash(address), last_at=now()
    )
    session.execute(
        known.on_conflict_do_update(index_elements=["account_id", "address"], set_={"last_at": known.excluded.last_at})
    )


def forget(session: Session) -> None:
    """Drop counters whose window is over and addresses that nobody comes from any more."""
    session.execute(delete(Attempts).where(Attempts.expires_at <= now().timestamp()))
    session.execute(delete(KnownAddress).where(KnownAddress.last_at < now() - REMEMBERED))


def _limits(session: Session, username: str, address: str) -> list[tuple[RateLimitItem, *tuple[str, ...]]]:
    if address.startswith(BROWSER):
        return [(PAIR, username, address)]
    own = (
        select(KnownAddress.account_id)
        .join(Account, Account.id == KnownAddress.account_id)
        .where(Account.username == username, KnownAddress.address == _hash(address))
    )
    if session.scalar(own) is not None:
        return [(PAIR, username, address), (ADDRESS, address)]
    return [(PAIR, username, address), (ADDRESS, address), (STRANGERS, username)]


def _hash(key: str) -> bytes:
    # Keyed: what was typed as a user name may be a password, and an address tells where somebody was.
    return key_ring().index(key, "attempts")
