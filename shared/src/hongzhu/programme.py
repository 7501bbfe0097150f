"""A programme is data: a standing obligation that a plugin writes, the bureau approves and the scheduler compiles to SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_serializer,
    model_validator,
)

from hongzhu.facts import SUBJECTS, Facts, SchoolFacts
from hongzhu.figures import Figure, Place, check
from hongzhu.i18n import Text
from hongzhu.trigger import (
    After,
    Days,
    EveryMonth,
    EverySchoolWeek,
    HolidayOffer,
    OncePer,
    OnEvent,
    Rota,
    SchoolWeeks,
    Several,
    Standing,
    Trigger,
    parts,
)

__all__ = [
    "All",
    "AnyOf",
    "Assignee",
    "Days",
    "EveryMonth",
    "EverySchoolWeek",
    "Figure",
    "HolidayOffer",
    "Not",
    "OnEvent",
    "OncePer",
    "Programme",
    "RecordForm",
    "Rota",
    "Rule",
    "SchoolWeeks",
    "Several",
    "Standing",
    "Step",
    "Trigger",
    "Where",
    "holds",
    "leaves",
    "where",
]

CODE = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Where(_Data):
    """One fact compared with values; a fact that is not known never matches."""

    fact: str
    """A field of the subject's facts, or ``school.<field>`` for the facts of a child's school."""
    is_one_of: tuple[bool | int | str, ...] = Field(alias="in", min_length=1)


class All(_Data):
    """Every one of the rules holds; an empty list holds for everybody."""

    all: tuple[Rule, ...] = ()


class AnyOf(_Data):
    """At least one of the rules holds."""

    any: tuple[Rule, ...]


class Not(_Data):
    """The rule does not hold."""

    rule: Rule = Field(alias="not")


Rule = Where | All | AnyOf | Not


def where(fact: str, *values: bool | int | str) -> Where:
    """Write a `Where` the short way: ``where("boarding", True)``, ``where("grade", 1, 2, 3)``."""
    return Where(fact=fact, is_one_of=values)


def leaves(rule: Rule) -> Iterator[Where]:
    """Walk to every fact a rule asks about."""
    match rule:
        case Where():
            yield rule
        case All(all=rules) | AnyOf(any=rules):
            for each in rules:
                yield from leaves(each)
        case Not(rule=inner):
            yield from leaves(inner)


def holds(rule: Rule, facts: Facts, school: SchoolFacts | None = None) -> bool:
    """Say whether `rule` holds for one subject: what the scheduler's SQL must agree with."""
    match rule:
        case Where(fact=fact, is_one_of=values):
            of_school = fact.startswith("school.")
            value = getattr(school if of_school else facts, fact.removeprefix("school."), None)
            return value is not None and value in values
        case All(all=rules):
            return all(holds(each, facts, school) for each in rules)
        case AnyOf(any=rules):
            return any(holds(each, facts, school) for each in rules)
        case Not(rule=inner):
            return not holds(inner, facts, school)


Assignee = Literal["class_teacher", "school_coordinator", "agency", "bureau"]
"""Who is told: the child's class teacher (else the coordinator), the school's coordinator, the agency, or the bureau."""


class Step(_Data):
    """One step of an escalation: what nobody has done so long after the due day is told to somebody further up."""

    after: After
    """How long after the due day, on whose last day it is told; a bare number counts school days."""
    to: Assignee
    """Whom it tells; an agency hears of every step."""


def _is_whole_number(said: Any) -> bool:
    return isinstance(said, dict) and said.get("type") == "integer"


class RecordForm(BaseModel):
    """Base for a record's form: a pydantic model whose JSON Schema a page renders and the registry validates against.

    Give each field ``Field(title="中文|English")``; choices are a ``Literal`` of ``"中文|English"`` texts as stored.
    """

    model_config = ConfigDict(extra="forbid")


class Programme(_Data):
    """A standing obligation: who it is for, when it falls due, who does it, what proves it."""

    code: str = Field(pattern=CODE, max_length=100, description="agency, a dot, the programme's own name")
    name: Text
    purpose: Text
    """Why the data it asks for are needed, in a sentence a guardian can read (PIPL article 17)."""
    subject: Literal["child", "school", "agency", "city", "facility"]
    """Whom it is owed to; an agency's programme for an agency is for itself."""
    eligible: Rule = All()
    trigger: Trigger
    assignee: Assignee
    resolved_by: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", max_length=30, description="the kind of evidence that resolves it"
    )
    requires: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)], ...] = ()
    """The kinds of evidence that a subject must have, each done by then, before any of it falls due for that subject."""
    lapses: bool = False
    """Whether what is open is cancelled when its subject is no longer eligible; that of a standing condition always is."""
    form: dict[str, Any] | None = None
    """JSON Schema of the record that resolves it, ``YourForm.model_json_schema()``; ``None`` when the evidence is no record."""
    fields: frozenset[str] = frozenset()
    """The dossier fields its agency needs to see; the bureau approves exactly these."""
    basis: tuple[str, ...] = ()
    """The documents it rests on, as they are cited."""
    action: Text | None = None
    """The action it is part of, where a plan groups several programmes under one name (行动)."""
    responsible: Text | None = None
    """Whom the plan names as answering for it."""
    escalation: tuple[Step, ...] = ()
    """Who is told of what nobody has done, step by step; what is done meanwhile is told no further."""
    urgent: bool = False
    """Whether its tasks are told at once, each by itself, and not in the day's digest."""
    figures: tuple[Figure, ...] = ()
    """What the implementation report counts of it; a figure's key is the code, a dot, and its name."""
    sentence: Text | None = None
    """What the report says of it, with its figures' ``{name}`` places; a clause is left out while all of its figures are nothing."""
    section: Place = "aid"
    """The point of the report under which its sentence stands; an agency's helping, unless told."""
    order: int = 0
    """Its sentence's place under the point: the smallest first, those alike by their codes."""

    @model_validator(mode="after")
    def _facts_exist(self) -> Self:
        for leaf in leaves(self.eligible):
            of_school = leaf.fact.startswith("school.")
            known = (SchoolFacts if of_school else SUBJECTS[self.subject]).model_fields
            field = known.get(leaf.fact.removeprefix("school."))
            if field is None or field.annotation is None:
                raise ValueError(f"{self.code}: there is no fact {leaf.fact!r}; there are {', '.join(sorted(known))}")
            for value in leaf.is_one_of:
                try:
                    TypeAdapter(field.annotation).validate_python(value, strict=True)
                except ValidationError as error:
                    raise ValueError(f"{self.code}: the fact {leaf.fact!r} is never {value!r}") from error
        return self

    @model_validator(mode="after")
    def _takes_turns(self) -> Self:
        if self.subject == "child" and any(isinstance(each, Rota) for each in parts(self.trigger)):
            raise ValueError(f"{self.code}: a rota gives one subject its turn at a time, and is not for children")
        return self

    @model_validator(mode="after")
    def _stands_on_figures(self) -> Self:
        check(self.code, self.figures, self.sentence)
        numbers = [name for name, said in (self.form or {}).get("properties", {}).items() if _is_whole_number(said)]
        for each in self.figures:
            if each.of == "records" and each.sum and (each.kind != self.resolved_by or each.sum not in numbers):
                raise ValueError(
                    f"{self.code}: the figure {each.name} sums {each.sum!r} of {each.kind!r}; what can be summed are the whole "
                    f"numbers of its own form, the kind {self.resolved_by!r}: {', '.join(numbers) or 'there is none'}"
                )
        return self

    @field_serializer("fields")
    def _in_one_order(self, fields: frozenset[str]) -> list[str]:
        # A set has another order in every process; the same programme must be the same JSON.
        return sorted(fields)

    @property
    def agency(self) -> str:
        """The agency that runs it: the part of the code before the dot."""
        return self.code.partition(".")[0]
