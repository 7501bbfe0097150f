"""The second factor: codes of an authenticator (RFC 6238), each good once."""

import hmac

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu_registry.access.models import Account
from hongzhu_registry.sealing import key_ring

LATE = 1
"""Time steps of half a minute by which an authenticator's clock may be off."""
ISSUER = "红烛暖心"


def enrol(account: Account) -> str:
    """Give an account a new secret, which counts once a code has confirmed it; return it as an otpauth address."""
    secret = pyotp.random_base32()
    account.totp = key_ring().seal(secret, "account", "totp", account.id)
    account.totp_step = None
    return pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)


def accept(session: Session, account: Account, code: str) -> bool:
    """Say whether a code is right and new; it is used up by that."""
    secret = key_ring().open(account.totp, "account", "totp", account.id)
    if secret is None:
        return False
    totp = pyotp.TOTP(secret)
    this = int(now().timestamp()) // totp.interval
    for step in range(this - LATE, this + LATE + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            # In the database, so that of two who send the same code at once one is refused.
            unused = or_(Account.totp_step.is_(None), Account.totp_step < step)
            used = session.execute(update(Account).where(Account.id == account.id, unused).values(totp_step=step))
            return bool(used.rowcount)  # type: ignore[attr-defined]  # an UPDATE answers with a CursorResult
    return False
