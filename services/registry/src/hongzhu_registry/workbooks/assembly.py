"""From the values of a row to its typed row, and what must hold between the values."""

import datetime as dt
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from . import cells, identity, rows

Values = dict[str, Any]


class Refused(Exception):  # noqa: N818 - a row is refused, which is an outcome and no malfunction
    """A row that cannot be taken: the field to blame and the reason's code."""

    def __init__(self, field: str, code: str, **params: object) -> None:
        super().__init__(code)
        self.field = field
        self.code = code
        self.params = params


PARENTS = ("father", "mother")
_CHILD = itemgetter(*rows.Child._fields)
_PARENTS = [itemgetter(*(f"{parent}_{name}" for name in rows.Parent._fields)) for parent in PARENTS]
_GUARDIAN = itemgetter(*(f"guardian_{name}" for name in rows.Guardian._fields))


def child(**v: Any) -> rows.Child:
    """A child; birth date and sex are the identity number's, as the check has found them."""
    v["grade"], v["class_name"] = _grade_and_class(v)
    v["address"] = v["address"] or v["registered_address"]
    v["father"], v["mother"] = (rows.Parent._make(names(v)) for names in _PARENTS)
    v["guardian"] = rows.Guardian._make(_GUARDIAN(v))
    return rows.Child._make(_CHILD(v))


def check_child(v: Values, today: dt.date) -> None:
    """Refuse a child not yet born, or one whose columns contradict the identity number; fill in what they leave open."""
    born_on, sex = identity.birth_date(v["id_number"]), identity.sex(v["id_number"])
    if born_on > today:
        raise Refused("id_number", "id_birth_future")
    if (told := v["born_on"]) and told not in (born_on, f"{born_on:%Y-%m}", f"{born_on:%Y}"):
        raise Refused("born_on", "birth_differs")
    if v["sex"] and v["sex"] != sex:
        raise Refused("sex", "sex_differs")
    v["born_on"], v["sex"] = born_on, sex


def staff(**v: Any) -> rows.Staff:
    """A teacher; grade and class may each be written with the other, and both with the office of class teacher, a tick or a word."""
    v["grade"], v["class_name"] = _grade_and_class(v)
    if v.pop("is_class_teacher") and "班主任" not in v["duty"]:
        v["duty"] = "、".join(filter(None, ("班主任", v["duty"])))
    grade, class_name = cells.class_of(v["duty"].partition("班主任")[0])
    if grade and not v["class_name"]:
        v["grade"], v["class_name"] = v["grade"] or grade, class_name
    return rows.Staff(**v)


def _grade_and_class(v: Values) -> tuple[int | None, str]:
    """Either may be written in the other's cell; a grade that is written with the class is nearer to the row than the title's."""
    (grade, class_within), (grade_within, class_name) = v["grade"], v["class_name"]
    return grade_within or grade, class_name or class_within


def calendar_entry(**v: Any) -> rows.CalendarEntry:
    """A stretch of days, whose end may be written in the cell of its beginning; without an end it is one day."""
    within_date = v.pop("last_of_date")
    return rows.CalendarEntry(**v | {"ends_on": v["ends_on"] or within_date or v["starts_on"]})


def check_stretch(v: Values, _today: dt.date) -> None:
    """Refuse a stretch that ends before it starts."""
    if v["ends_on"] and v["ends_on"] < v["starts_on"]:
        raise Refused("ends_on", "dates_reversed")


def over(*fields: str) -> Callable[[Values, dt.date], None]:
    """Make what refuses a row that tells of a day to come as of one on which something was done."""

    def check(v: Values, today: dt.date) -> None:
        for field in fields:
            if v[field] and v[field] > today:
                raise Refused(field, "date_future")

    return check


def check_score(v: Values, today: dt.date) -> None:
    """Refuse marks of no day, or of a test that has not been held yet; the day may stand above the table."""
    if not v["tested_on"]:
        raise Refused("tested_on", "missing")
    over("tested_on")(v, today)


def score(**v: Any) -> rows.Score:
    """Marks, whether each subject has its column or each line its subject."""
    v["grade"], v["class_name"] = _grade_and_class(v)
    subject, mark = v.pop("subject"), v.pop("mark")
    marks = {f[5:]: value for f in [f for f in v if f.startswith("mark.")] if (value := v.pop(f)) is not None}
    if subject and mark is not None:
        marks[subject] = mark
    return rows.Score(marks=marks, **v)


def subsidy(**v: Any) -> rows.Subsidy:
    """A subsidy; a blank amount is nothing."""
    return rows.Subsidy(**v | {"transport": v["transport"] or 0.0, "meals": v["meals"] or 0.0})


def activity(**v: Any) -> rows.Activity:
    """An activity; its last day may be written in a column, in the date's cell or in the note."""
    within_date = v.pop("last_of_date")
    v["ends_on"] = v["ends_on"] or within_date or cells.last_of_days(v["note"])
    return rows.Activity(planned=v["note"].startswith(("计划", "拟", "待")), **v)
