"""Figures are data: a programme says what the implementation report counts of it, and the registry counts it with SQL."""

import re
from collections.abc import Collection, Mapping
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hongzhu.i18n import Text

Rows = Literal[
    "children",
    "schools",
    "records",
    "activities",
    "pairings",
    "facilities",
    "referrals",
    "enrolments",
    "subsidies",
    "supporters",
    "leaders",
    "tasks",
]
"""Of what the registry keeps there can be figures."""

Place = Literal[
    "organisation",
    "plans",
    "departments",
    "roster",
    "pairing",
    "help",
    "contact",
    "counselling",
    "study",
    "after_school",
    "places",
    "aid",
    "publicity",
]
"""The numbered points of the report, in its order."""

CONDITIONS: Mapping[Rows, frozenset[str]] = {
    "children": frozenset({"sex", "stage", "urban", "grade", "boarding", "in_poverty", "disabled", "academic_concern"}),
    "schools": frozenset({"stage", "urban", "boarding", "after_school", "has_home", "has_call_room"}),
    "records": frozenset(),
    "activities": frozenset(),
    "pairings": frozenset(),
    "facilities": frozenset({"status"}),
    "referrals": frozenset({"state"}),
    "enrolments": frozenset({"free"}),
    "subsidies": frozenset({"paid"}),
    "supporters": frozenset({"vetted"}),
    "leaders": frozenset({"level"}),
    "tasks": frozenset({"state"}),
}
"""What of each a figure may ask for, beside the kind."""

SUMS: Mapping[Rows, frozenset[str]] = {
    "activities": frozenset({"attendance", "brochures", "gifts", "weeks"}),
    "subsidies": frozenset({"amount"}),
}
"""What can be summed: ``weeks`` is how long an activity lasted, ``amount`` transport and meals together, in yuan.

Of records it is a field of their form, a whole number.
"""

WITHOUT_KIND = frozenset({"children", "schools", "subsidies", "leaders", "tasks"})
WITH_AGENCY = frozenset({"activities", "facilities", "referrals", "supporters"})
DISTINCT: Mapping[str, frozenset[Rows]] = {
    "child": frozenset({"records", "activities", "pairings", "referrals", "enrolments", "subsidies"}),
    "school": frozenset(
        {"children", "records", "activities", "pairings", "referrals", "enrolments", "subsidies", "leaders"}
    ),
}

Value = bool | int | str

_CLAUSE = re.compile(r"(?:“[^”]*”|《[^》]*》|（[^）]*）|[^，；,;])+(?:[，；]|[,;] ?|$)")
"""Up to a comma or a semicolon, but not to one that a title or a quotation has in it."""


class Figure(BaseModel):
    """One figure of a programme's: what is counted, or summed, of that which happened or stands in the report's period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)
    title: Text
    unit: Text
    """What is written after the number: ``人`` and `` children``."""
    of: Rows
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)] | None = None
    where: dict[str, Value | tuple[Value, ...]] = {}
    """What must be equal: ``{"status": "built"}``, or one of several: ``{"state": ("done", "late")}``."""
    own: bool = False
    """Whether only what the programme's own agency did is counted."""
    distinct: Literal["child", "school"] | None = None
    """Whether each child, or each school, counts once."""
    sum: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)] | None = None
    """What is summed instead of counting rows; of records a field of the programme's own form."""

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        if unknown := self.where.keys() - CONDITIONS[self.of]:
            raise ValueError(f"{self.name}: of {self.of} nothing can be asked like {', '.join(sorted(unknown))}")
        if self.sum is not None and self.of != "records" and self.sum not in SUMS.get(self.of, ()):
            raise ValueError(f"{self.name}: of {self.of} there is no {self.sum} to sum")
        if self.distinct is not None and (self.of not in DISTINCT[self.distinct] or self.sum is not None):
            raise ValueError(f"{self.name}: of {self.of} no {self.distinct} can be counted once")
        if self.kind is not None and self.of in WITHOUT_KIND:
            raise ValueError(f"{self.name}: {self.of} are of no kind")
        if self.own and self.of not in WITH_AGENCY:
            raise ValueError(f"{self.name}: {self.of} are no agency's own")
        return self


def places_of(sentence: str) -> frozenset[str]:
    """Name the figures that stand in a sentence; raises `ValueError` when its braces do not match."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


def said(
    sentence: str, texts: Mapping[str, str], nothing: Collection[str], goes_without_saying: Collection[str] = ()
) -> str:
    """Say a sentence with its figures as they are written, by name; empty when there is nothing to say.

    A clause of which every figure is nothing, or goes without saying, is left out; and the sentence when no clause is left, or
    every figure is nothing.
    """
    left_out = {*nothing, *goes_without_saying}
    clauses = [(clause, places_of(clause)) for clause in _CLAUSE.findall(sentence)]
    told = [clause.format(**texts) for clause, names in clauses if not names or not names <= left_out]
    if not told or places_of(sentence) <= set(nothing):
        return ""
    text, end = "".join(told).rstrip("，；,; "), sentence.strip()[-1]
    return text if text.endswith(end) else text + end


def check(code: str, figures: tuple[Figure, ...], sentence: Text | None) -> None:
    """See that a programme's sentence stands on its figures alone; raises `ValueError`."""
    names = [each.name for each in figures]
    if len(set(names)) < len(names):
        raise ValueError(f"{code}: two of its figures have one name")
    if sentence is None:
        return
    for text in (sentence.zh, sentence.en):
        told = places_of(text)
        if unknown := sorted(told - set(names)):
            raise ValueError(f"{code}: its sentence names {unknown[0]!r}, and there is no such figure")
        if not told:
            raise ValueError(f"{code}: its sentence has no figure, and would be said whatever was done")
