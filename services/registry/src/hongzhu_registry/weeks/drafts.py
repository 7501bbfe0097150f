"""A form as its teacher left it: kept as it was typed, with what is wrong beside each field, until it is right."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4, uuid5

from hongzhu.errors import InvalidError
from hongzhu_registry.days import not_to_come
from hongzhu_registry.pages import spoken_date
from hongzhu_registry.weeks.forms import Field, day_in
from hongzhu_registry.weeks.need import Need, Owed

CHILDREN, DAY, PHOTO = "child", "occurred_on", "photo"
"""The fields every form has; those of the programme's own form are called ``data.…``."""
_RECORDS = UUID("0b6f3a52-7f0e-5c7b-9c39-5b1f6a1d7c11")


@dataclass
class Draft:
    """What was ticked and typed, and what of it is not right yet."""

    key: str
    """Made with the form, so that sending it twice files it once."""
    ticked: Collection[str] = ()
    day: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    photo: str = ""
    """The photo that goes with it, as it was sent."""
    errors: dict[str, InvalidError] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.errors

    def refuse(self, error: InvalidError) -> None:
        """Put an error beside the field it names, the first one of a field before the others."""
        self.errors.setdefault(error.field or CHILDREN, error)

    def record_id(self, supporter_id: str) -> str:
        """Return the id of the record it becomes: the same for the same form sent again, another for whatever differs.

        A teacher who goes back in the browser and ticks other children sends the old key with it; that is a new record.
        """
        said = json.dumps([self.key, self.day, sorted(self.ticked), dict(self.typed), self.photo], sort_keys=True)
        return str(uuid5(_RECORDS, f"{supporter_id}\n{hashlib.sha256(said.encode()).hexdigest()}"))


def new_draft(day: date, ticked: Collection[str] = ()) -> Draft:
    """Begin a form on `day`."""
    return Draft(str(uuid4()), ticked, str(day))


def draft_of(sent: Mapping[str, Sequence[str]], fields: Sequence[Field]) -> Draft:
    """Keep what was sent, as it was typed."""
    return Draft(
        key=_last(sent, "key"),
        ticked=frozenset(sent.get(CHILDREN, ())),
        day=_last(sent, DAY),
        photo=_last(sent, PHOTO),
        # A browser sends the lines of a text with CR LF (HTML 4.10.21); they count and are kept as one character.
        typed={each.name: _last(sent, f"data.{each.name}").replace("\r\n", "\n") for each in fields},
    )


def read_data(draft: Draft, fields: Sequence[Field]) -> dict[str, object]:
    """Return the record's own fields as it keeps them, without those left empty; what is wrong goes on the draft."""
    data: dict[str, object] = {}
    for each in fields:
        try:
            value = each.read(draft.typed[each.name])
        except InvalidError as error:
            draft.errors[f"data.{each.name}"] = error
        else:
            if value is not None:
                data[each.name] = value
    return data


def read_children(draft: Draft, need: Need) -> list[Owed]:
    """Return the ticked children; one who is not on the list, or not any more, is unticked, and that is noted."""
    ticked = [each for each in need.children if each.child_id in draft.ticked]
    if len(ticked) != len(draft.ticked):
        draft.ticked = frozenset(each.child_id for each in ticked)
        draft.refuse(InvalidError("A child is not on your list any more. See who is ticked and send it again."))
    if not ticked:
        draft.refuse(InvalidError("Tick at least one child."))
    return ticked


def read_day(draft: Draft, children: Sequence[Owed]) -> date | None:
    """Return the day, which must count for every one of the children; what is wrong is noted on the draft."""
    try:
        day = day_in(draft.day)
        not_to_come(occurred_on=day)
    except InvalidError as error:
        draft.errors[DAY] = error
        return None
    if children and day < (first := max(each.opens_on for each in children)):
        draft.errors[DAY] = InvalidError("Only days since {first} count here.", first=spoken_date(first))
    return day


def _last(sent: Mapping[str, Sequence[str]], name: str) -> str:
    return next(reversed(sent.get(name, ())), "").strip()
