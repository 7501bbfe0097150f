"""The head and the foot of a report: whom it is about, its title, how it opens, and who signs it."""

import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError
from hongzhu.i18n import Text, _, written
from hongzhu.programme import Programme
from hongzhu_registry.agencies.models import Agency
from hongzhu_registry.agencies.queries import names_of_all, titles_of
from hongzhu_registry.reports.rows import Period
from hongzhu_registry.schools.models import School

EVIDENCE = "report"
"""The kind of evidence that a report signed off is."""
_PLACE = re.compile(r"^.+[市县区旗州]")
"""The place that an organ's title begins with: 永安市 of 永安市教育局."""

HERE = Text(zh="我市", en="the city")
EVERYWHERE = Text(zh="全市", en="The city")


def reporting(programmes: Sequence[Programme]) -> Programme | None:
    """Return the programme that owes the report: that which is resolved by one signed off."""
    return next((each for each in programmes if each.resolved_by == EVIDENCE), None)


def organ(session: Session, agency: str) -> str:
    """Name an agency as it signs: the fullest of the titles under which it is written."""
    titles = [each for each in session.scalars(titles_of(agency)) if not each.isascii()]
    return max(titles, key=len, default=names_of_all(session).get(agency, agency))


def place(organ: str) -> str:
    """Name the city or county of an organ; empty where its title does not say."""
    found = _PLACE.match(organ)
    return found[0] if found and len(found[0]) > 1 else ""


def everywhere(organ: str) -> str:
    """Name the whole city or county, as a sentence begins with it."""
    where = place(organ)
    return str(Text(zh=f"全{where[-1]}", en=where) if where else EVERYWHERE)


def about(session: Session, period: Period) -> str:
    """Name the one agency, the one school, or both, that a report is about; empty when it is about all; raises `InvalidError`."""
    names = []
    if period.agency is not None:
        if session.get(Agency, period.agency) is None:
            raise InvalidError("{name} is not known.", name=period.agency, field="agency")
        names.append(organ(session, period.agency))
    if period.school_id is not None:
        school = session.get(School, period.school_id)
        if school is None:
            raise InvalidError("{name} is not known.", name=period.school_id, field="school_id")
        names.append(school.name)
    return _("{agency} at {school}", agency=names[0], school=names[1]) if len(names) > 1 else "".join(names)


def title(about: str, organ: str, action: str) -> str:
    """Write the title."""
    whom = about or place(organ) or EVERYWHERE
    return _("{whom}: “{action}”, care for left-behind children in poverty", whom=whom, action=action)


def opening(about: str, organ: str, action: str, period: Period) -> str:
    """Write the paragraph that a report begins with."""
    days = between(period.first, period.cut_off)
    if about:
        return _("This is what {about} did for “{action}” {days}.", about=about, action=action, days=days)
    where = place(organ)
    return _(
        "Since “{action}” began, {here} has cared for left-behind children in poverty together with the agencies concerned. "
        "This is the account {days}.",
        action=action,
        here=Text(zh=f"我{where[-1]}", en=where) if where else HERE,
        days=days,
    )


def between(first: date, last: date) -> str:
    """Say the days from one to another: 2020年9月1日至11月23日, from Sep 1, 2020 to Nov 23, 2020."""
    return _("from {first} to {last}", first=day(first), last=day(last).removeprefix(f"{first.year}年"))


def day(day: date) -> str:
    """Write a day with its year: 2020年11月23日, Nov 23, 2020."""
    return written(day, "y年M月d日", "MMM d, y")
