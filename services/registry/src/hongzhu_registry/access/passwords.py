"""Passwords: how they are kept (Argon2id) and which are good enough (NIST SP 800-63B 3.1.1)."""

import secrets
import unicodedata
from itertools import pairwise
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from hongzhu.errors import InvalidError

SHORTEST, LONGEST = 10, 200
_TYPED = 5 * LONGEST
"""Characters that are looked at: nobody types one in more than four pieces, so what is longer is too long in any form."""
SURPRISES = 5
"""The fewest characters that do not follow from what somebody would guess first."""
_EXPECTED = ("hongzhu", "红烛", "password", "密码")
_ROWS = "01234567890 abcdefghijklmnopqrstuvwxyz qwertyuiop asdfghjkl zxcvbnm 1q2w3e4r5t6y7u8i9o0p"
_ROWS += " " + _ROWS[::-1]

_hasher = PasswordHash((Argon2Hasher(),))
AT_ONCE = 4
"""Passwords that are looked at at the same time: each takes 64 MB, and whoever tries one need not be signed in."""
_room = BoundedSemaphore(AT_ONCE)


def _normal(password: str) -> str:
    # The same characters may be typed in more than one way (NIST SP 800-63B 3.1.1.2).
    return unicodedata.normalize("NFKC", password[:_TYPED])


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _room:
        return _hasher.hash(_normal(password))


NOBODY = hashed(secrets.token_urlsafe())
"""Checked when there is no such account, so that the answer takes as long as for one there is."""


def verify(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Say whether it is the password, and how it should be kept from now on when that has become stricter."""
    password = _normal(password)
    if len(password) > LONGEST:
        return False, None
    with _room:
        right, better = _hasher.verify_and_update(password, kept or NOBODY)
    return right and kept is not None, better


def check(password: str, username: str, field: str = "password") -> None:
    """See that a new password is long enough and not the first that somebody would guess; raises `InvalidError`.

    No rules about kinds of characters: they make passwords worse, not better.
    """
    password = _normal(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidError(
            "A password has {shortest} to {longest} characters; a short sentence is a good one.",
            field=field,
            shortest=SHORTEST,
            longest=LONGEST,
        )
    rest = password.casefold()
    for word in filter(None, (username.casefold(), *_EXPECTED)):
        rest = rest.replace(word, "")
    surprises = sum(before != after and before + after not in _ROWS for before, after in pairwise(f" {rest}"))
    if surprises < SURPRISES:
        raise InvalidError(
            "That password is among the first that would be guessed; a short sentence is a good one.", field=field
        )


def one_time() -> str:
    """Make a password for somebody else to sign in with once."""
    return secrets.token_urlsafe(12)
