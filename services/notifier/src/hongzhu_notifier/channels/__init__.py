"""Channels: the ways to reach a person.  Installing a class under the entry point ``hongzhu.channels`` adds one."""

from collections.abc import Iterable
from datetime import timedelta
from importlib.metadata import entry_points
from typing import ClassVar, NamedTuple

from hongzhu.errors import ConfigurationError, HongzhuError
from hongzhu_notifier.digest import Digest, Recipient


class SendFailedError(HongzhuError):
    """Nothing was sent, for certain; the tasks will be in the next day's digest."""

    title = "Nothing was sent."


class OutcomeUnknownError(HongzhuError):
    """It may have been sent or not; it is shown as such and never repeated blindly."""

    title = "It may have been sent or not."


class Limit(NamedTuple):
    """So many messages at most in so much time."""

    most: int
    within: timedelta


MINUTE = timedelta(seconds=70)
"""A minute as the other side counts it, which may begin and end a little later than ours."""


class Channel:
    """One way to reach a person.  Errors it raises must not hold an address, a name or a number."""

    name: ClassVar[str]
    external: ClassVar[bool] = True
    """False when there is nothing to send, because the delivery log itself is what the recipient reads."""

    group: ClassVar[bool] = False
    """Whether many read it together: a school's people, or the bureau's.  They are told how much there is to do, once a day."""
    limits: ClassVar[tuple[Limit, ...]] = ()
    """How much its server takes; whoever would be one too many waits until its turn has come."""

    def sharing(self, recipient: Recipient) -> list[str]:
        """Name, by their ids, the recipients who share the limits with this one: itself."""
        return [recipient.recipient_id]

    def reaches(self, recipient: Recipient) -> bool:  # noqa: ARG002  # for those that need to look
        """Say whether the recipient can be reached this way at all."""
        return True

    def send(self, digest: Digest, recipient: Recipient) -> None:
        """Send; raises `SendFailedError` when nothing went out; any other error means that nobody knows."""
        raise NotImplementedError


def installed(names: Iterable[str]) -> list[Channel]:
    """Return the channels of these names; raises `ConfigurationError` for one that is not installed."""
    found = {each.name: each for each in entry_points(group="hongzhu.channels")}
    channels: list[Channel] = []
    for name in names:
        if name not in found:
            raise ConfigurationError(
                "There is no channel “{name}”; HONGZHU_CHANNELS may name: {known}.",
                name=name,
                known=", ".join(sorted(found)),
            )
        channels.append(found[name].load()())
    return channels
