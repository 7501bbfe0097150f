"""The digest: from what is owed and who is told to one short text a recipient.  Pure: values in, values out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.i18n import Text, _
from hongzhu.messages import NoticeLine


@dataclass(frozen=True)
class Owed:
    """One task that someone is still to be told of."""

    programme: str
    period: str
    subject_id: str
    due_on: date
    name: Text
    """The programme's."""
    assignee: str


@dataclass(frozen=True)
class Recipient:
    """Where to reach someone now.  Asked for at the moment of sending, never stored, and never printed."""

    recipient_id: str
    email: str | None = field(repr=False)
    link: str = field(repr=False)


@dataclass(frozen=True)
class Digest:
    """What one recipient is told on one day: counts and a link, never a name."""

    recipient: Recipient
    owed: tuple[Owed, ...]
    lines: tuple[NoticeLine, ...]
    """One a programme, the largest first; each with the soonest of its days."""
    past: int
    """How many tasks had their day before today: told in one line, however many there are."""

    @property
    def count(self) -> int:
        """How many tasks are still in time."""
        return sum(line.count for line in self.lines)

    def title(self) -> str:
        """Say in a line how much there is to do."""
        return _("Care tasks to do: {count}", count=self.count + self.past)

    def text(self) -> str:
        """Say what there is to do, a programme a line, and where to file it."""
        names = {each.programme: each.name for each in self.owed}
        lines = [
            _("{name}: {count}, by {day}", name=names[line.programme], count=line.count, day=line.due_on)
            if line.due_on < NOT_ANNOUNCED
            else _("{name}: {count}, day not announced yet", name=names[line.programme], count=line.count)
            for line in self.lines
        ]
        if self.past:
            lines.append(_("Past their day: {count}", count=self.past))
        return "\n".join([*lines, "", _("See whom and file what was done: {link}", link=self.recipient.link)])


Told = Mapping[tuple[str, str], Recipient]
"""Who is told, by assignee and subject."""


def digests(owed: Iterable[Owed], told: Told, today: date) -> list[Digest]:
    """Gather what is owed into one digest a recipient; what nobody is there to be told of is in none."""
    gathered: dict[str, list[Owed]] = defaultdict(list)
    recipients: dict[str, Recipient] = {}
    for each in owed:
        if recipient := told.get((each.assignee, each.subject_id)):
            recipients.setdefault(recipient.recipient_id, recipient)
            gathered[recipient.recipient_id].append(each)
    return [_digest(recipients[recipient_id], part, today) for recipient_id, part in gathered.items()]


def _digest(recipient: Recipient, owed: list[Owed], today: date) -> Digest:
    by_programme: dict[str, list[Owed]] = defaultdict(list)
    for each in owed:
        if each.due_on >= today:
            by_programme[each.programme].append(each)
    lines = [_line(part) for part in by_programme.values()]
    return Digest(
        recipient=recipient,
        owed=tuple(owed),
        lines=tuple(sorted(lines, key=lambda line: (-line.count, line.due_on, line.programme))),
        past=sum(each.due_on < today for each in owed),
    )


def _line(owed: list[Owed]) -> NoticeLine:
    soonest = min(owed, key=lambda each: (each.due_on, each.period))
    return NoticeLine(programme=soonest.programme, period=soonest.period, count=len(owed), due_on=soonest.due_on)
