"""What may be sent about a child: each value read as a roster's cell is, so that both doors keep the same thing."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from hongzhu.clock import today
from hongzhu.errors import InvalidError
from hongzhu.facts import Sex
from hongzhu_registry.days import not_to_come
from hongzhu_registry.imports.result import reader
from hongzhu_registry.workbooks import Reason, cells, identity

Grade = Annotated[int, Field(ge=0, le=20)]
Text = Annotated[str, AfterValidator(cells.text)]


def _person(said: str) -> str:
    return _read(cells.person, said)


def _phone(said: str) -> str:
    return _read(cells.phone, said)


def _month(said: str) -> str:
    return _read(cells.month, said)


def _class(said: str) -> str:
    return _read(lambda cell: cells.class_of(cell)[1], said)


def _read(read: Any, said: str) -> str:
    try:
        found: str = read(said)
    except cells.UnclearError as error:
        raise PydanticCustomError("unclear", "unclear") from error
    if not found:
        raise PydanticCustomError("blank", "blank")
    return found


Person = Annotated[str, Field(max_length=50), AfterValidator(_person)]
Phone = Annotated[str, Field(max_length=30), AfterValidator(_phone)]
Month = Annotated[str, Field(max_length=10), AfterValidator(_month)]
Class = Annotated[str, Field(max_length=20), AfterValidator(_class)]
"""A class without its grade, which is a field of its own."""


class Form(BaseModel):
    """What is sent holds nothing that we do not know."""

    model_config = ConfigDict(extra="forbid")


class Kin(Form):
    """A parent or guardian; what is left out stays as it is."""

    name: Person | None = None
    relation: Annotated[Text, Field(max_length=20)] | None = None
    place: Annotated[Text, Field(max_length=100)] | None = None
    away: bool | None = None
    away_since: Month | None = None
    able: bool | None = None
    phone: Phone | None = None


class Family(Form):
    """Parents and guardian; null takes one out."""

    father: Kin | None = None
    mother: Kin | None = None
    guardian: Kin | None = None


class Changes(Form):
    """What may be corrected of a child without a new roster."""

    name: Person = ""
    ethnicity: Annotated[str, Field(max_length=20), AfterValidator(cells.ethnicity)] | None = None
    grade: Grade | None = None
    class_name: Class | None = None
    boarding: bool | None = None
    in_poverty: bool | None = None
    health: str | None = Field(None, max_length=50)
    disability: str | None = Field(None, min_length=1, max_length=50)
    left_behind_type: Literal["单亲留守", "双亲留守"] | None = None
    note: str | None = Field(None, max_length=500)
    address: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    family: Family | None = None


class NewChild(Changes):
    """A child to open a dossier for; birth date and sex are the identity number's, and must agree where they are sent."""

    name: Person
    id_number: str = Field(max_length=40)
    school_id: str | None = Field(None, max_length=36)
    born_on: date | None = None
    sex: Sex | None = None
    entered_on: date | None = None

    def values(self) -> dict[str, Any]:
        """Return what is to be kept; raises `InvalidError` for an identity number that cannot be, or that is contradicted."""
        kept = self.model_dump(exclude_unset=True)
        try:
            number = identity.id_number(self.id_number)
            if not number:
                raise cells.UnclearError("id_length", length=0)
        except cells.UnclearError as error:
            raise _refused("id_number", error.code, **error.params) from error
        born_on, sex = identity.birth_date(number), identity.sex(number)
        if born_on > today():
            raise _refused("id_number", "id_birth_future")
        if self.born_on not in (None, born_on):
            raise _refused("born_on", "birth_differs")
        if self.sex not in (None, sex):
            raise _refused("sex", "sex_differs")
        entered_on = self.entered_on or today()
        not_to_come(entered_on=entered_on)
        if entered_on < born_on:
            raise InvalidError("The child was entered before it was born.", field="entered_on")
        return kept | {"id_number": number, "born_on": born_on, "sex": sex, "entered_on": entered_on}


def _refused(field: str, code: str, **params: object) -> InvalidError:
    reason = Reason(code, params)
    return InvalidError(
        "{where} cannot be right: {reason}; {mend}.",
        where=field,
        reason=reason.text(reader()),
        mend=reason.mend(reader()),
        field=field,
    )
