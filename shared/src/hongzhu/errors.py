"""One family of errors: each says what is wrong, where, and how to mend it, and knows its HTTP status."""

from typing import ClassVar

from hongzhu.i18n import _


class HongzhuError(Exception):
    """Something a person can mend; `status` is the HTTP status the door answers with (RFC 9457)."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, message_id: str | None = None, *, field: str | None = None, **values: object) -> None:
        self.message_id = message_id or self.title
        self.field = field
        self.values = values
        super().__init__(self.message_id)

    def __str__(self) -> str:
        return _(self.message_id, **self.values)

    @property
    def headers(self) -> dict[str, str]:
        """Give what the answer's headers say of it."""
        return {}


class InvalidError(HongzhuError):
    """What was sent cannot be accepted as it is."""

    status = 422
    title = "What was sent cannot be accepted as it is."


class NotSignedInError(HongzhuError):
    """Nobody is signed in, or the token is wrong, expired or revoked."""

    status = 401
    title = "Please sign in: the token is missing, wrong or expired."

    @property
    def headers(self) -> dict[str, str]:
        """Say how to sign in (RFC 9110 11.6.1)."""
        return {"WWW-Authenticate": "Bearer"}


class SignInFailedError(NotSignedInError):
    """The user name or the password is wrong; which of them is not told."""

    title = "Sign-in failed."


class TooManyError(HongzhuError):
    """It was tried too often; after `seconds` it may be tried again (RFC 6585 4)."""

    status = 429
    title = "That was tried too often."

    def __init__(
        self, message_id: str | None = None, *, seconds: int, field: str | None = None, **values: object
    ) -> None:
        super().__init__(message_id, field=field, **values)
        self._seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """Say how long to wait."""
        return {"Retry-After": str(self._seconds)}


class MissingError(HongzhuError):
    """There is no such thing, or none that this account may see: the two look alike on purpose."""

    status = 404
    title = "There is no such thing here."


class ConflictError(HongzhuError):
    """It collides with what is already there; nothing was stored."""

    status = 409
    title = "It collides with what is already there; nothing was stored."


class StaleError(HongzhuError):
    """It was changed by someone else since it was read; read it again."""

    status = 412
    title = "It was changed by someone else since you read it; read it again and repeat the change."


class TooLargeError(HongzhuError):
    """More was sent at once than is taken in."""

    status = 413
    title = "That is too much at once; send it in parts."


class UnconditionalError(HongzhuError):
    """A change must say which version it was made to, so that nobody's change is overwritten (RFC 6585 3)."""

    status = 428
    title = "Send the ETag you read as If-Match, so that nobody's change is overwritten."


class AwayError(HongzhuError):
    """Something we stand on is away for a moment; asking again will do."""

    status = 503
    title = "The service is not available at the moment; try again shortly."


class ConfigurationError(HongzhuError):
    """The installation is not set up to run; the message says how to mend it."""

    title = "The installation is not set up to run."


class PoisonError(HongzhuError):
    """A message that can never be handled; it is parked at once rather than tried again."""

    title = "A message that can never be handled was parked."
