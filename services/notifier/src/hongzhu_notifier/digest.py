"""The digest: from what is owed and who is told to one short text a recipient.  Pure: values in, values out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.i18n import Text, _
from hongzhu.messages import NoticeLine
from hongzhu.period import task_id

About = Literal["due", "overdue", "passed"]


@dataclass(frozen=True)
class Owed:
    """One task, or one step of its escalation, that someone is still to be told of."""

    programme: str
    period: str
    subject_id: str
    due_on: date
    name: Text
    """The programme's."""
    assignee: str
    step: int = 0
    """Which step of the escalation; none (0) for the word that it fell due."""
    passed: bool = False
    """Whether its time was over before anybody could be told."""
    tries: int = 0
    """How often it was tried in vain to tell it at once."""


@dataclass(frozen=True)
class Recipient:
    """Where to reach someone now.  Asked for at the moment of sending, never stored, and never printed."""

    recipient_id: str
    email: str | None = field(repr=False)
    link: str = field(repr=False)
    """Leads to what there is to do: for a group to the pages that one signs in to, for one person straight to it."""


@dataclass(frozen=True)
class Digest:
    """What one recipient is told at a time, in the day's digest or at once: counts and a link, never a name."""

    recipient: Recipient
    cause: str
    """What it is told for, each once: the day, or the one task that cannot wait."""
    owed: tuple[Owed, ...]
    lines: tuple[NoticeLine, ...]
    """One a programme, the largest first, each with the soonest of its days: what is to do, then overdue, then passed."""
    past: int = 0
    """How many tasks had their day before today: told in one line, however many there are."""
    urgent: bool = False

    @property
    def count(self) -> int:
        """How many tasks are still in time."""
        return self._about("due")

    @property
    def passed(self) -> int:
        """How many tasks were over before anybody could be told."""
        return self._about("passed")

    def title(self) -> str:
        """Say in a line how much there is to do."""
        if self.urgent:
            return _("Urgent: {name}", name=self.owed[0].name)
        if to_do := self.count + self.past:
            return _("Care tasks to do: {count}", count=to_do)
        if overdue := self._about("overdue"):
            return _("Care tasks overdue: {count}", count=overdue)
        return self._away()

    def text(self) -> str:
        """Say what there is to do and what others have not done, a programme a line, and where to file it."""
        names = {each.programme: each.name for each in self.owed}
        lines = [_said(line, names[line.programme]) for line in self.lines if line.about != "passed"]
        if self.past:
            lines.append(_("Past their day: {count}", count=self.past))
        if self.passed:
            lines.append(self._away())
        return "\n".join([*lines, "", _("See whom and file what was done: {link}", link=self.recipient.link)])

    def _about(self, what: str) -> int:
        return sum(line.count for line in self.lines if line.about == what)

    def _away(self) -> str:
        return _("While the system was away: {count} passed without being done", count=self.passed)


def _said(line: NoticeLine, name: Text) -> str:
    if line.about == "overdue":
        return _("{name}: overdue: {count}, since {day}", name=name, count=line.count, day=line.due_on)
    if line.due_on == NOT_ANNOUNCED:
        return _("{name}: {count}, day not announced yet", name=name, count=line.count)
    return _("{name}: {count}, by {day}", name=name, count=line.count, day=line.due_on)


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


def of_group(owed: Iterable[Owed], group: Recipient, today: date) -> list[Digest]:
    """Gather all that is owed in one place into the one digest of its group, if anything is."""
    owed = list(owed)
    return digests(owed, {(each.assignee, each.subject_id): group for each in owed}, today)


def at_once(owed: Iterable[Owed], told: Told) -> list[Digest]:
    """Make a notice of its own of everything that cannot wait."""
    return [
        Digest(
            recipient=recipient,
            # Named anew for each try: one that certainly did not go out is no reason to keep silent.
            cause=f"{UUID(task_id(each.programme, each.subject_id, each.period)).hex}.{each.step}.{each.tries}",
            owed=(each,),
            lines=(_line([each], "overdue" if each.step else "due"),),
            urgent=True,
        )
        for each in owed
        if (recipient := told.get((each.assignee, each.subject_id)))
    ]


def _digest(recipient: Recipient, owed: list[Owed], today: date) -> Digest:
    sorts = {
        "passed": [each for each in owed if each.passed],
        "overdue": [each for each in owed if each.step and not each.passed],
        "due": [each for each in owed if not each.step and not each.passed and each.due_on >= today],
    }
    return Digest(
        recipient=recipient,
        cause=today.isoformat(),
        owed=tuple(owed),
        lines=(*_lines(sorts["due"], "due"), *_lines(sorts["overdue"], "overdue"), *_lines(sorts["passed"], "passed")),
        past=len(owed) - sum(map(len, sorts.values())),
    )


def _lines(owed: list[Owed], about: About) -> list[NoticeLine]:
    by_programme: dict[str, list[Owed]] = defaultdict(list)
    for each in owed:
        by_programme[each.programme].append(each)
    lines = [_line(part, about) for part in by_programme.values()]
    return sorted(lines, key=lambda line: (-line.count, line.due_on, line.programme))


def _line(owed: list[Owed], about: About) -> NoticeLine:
    soonest = min(owed, key=lambda each: (each.due_on, each.period))
    # One who is told of two steps of a task is told of one task.
    count = len({(each.period, each.subject_id) for each in owed})
    return NoticeLine(
        programme=soonest.programme, period=soonest.period, count=count, due_on=soonest.due_on, about=about
    )
