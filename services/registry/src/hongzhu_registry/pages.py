"""How pages are rendered: one environment, the reader's language, nothing from outside the host."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from babel.dates import format_interval, format_timedelta
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hongzhu.clock import now, today
from hongzhu.errors import MissingError
from hongzhu.i18n import CHINESE, ENGLISH, _, accepted_language, language, written
from hongzhu.settings import settings

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""No script and no style but our own, and no address of a page, which may hold a signed link, told to anyone.

The pictures that a style sheet holds in itself are the one exception.
"""

STATIC = Path(__file__).parent / "static"
LANGUAGE = "hongzhu_language"
"""The cookie of a reader who chose a language; without it the browser's is taken."""


def language_of(request: Request) -> str:
    """Return the language in which somebody reads."""
    chosen = request.cookies.get(LANGUAGE)
    return chosen if chosen in (CHINESE, ENGLISH) else accepted_language(request.headers.get("accept-language"))


def from_our_own_page(request: Request) -> None:
    """Refuse a form that a page of somebody else's sends in a reader's name; raises `MissingError`.

    A browser says where it comes from (Fetch Metadata, or Origin where it is older); what says nothing is no browser.
    """
    if request.method in ("GET", "HEAD"):
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = {request.headers.get("host"), urlsplit(settings().public_url or "").netloc}
    if site is not None and site not in ("same-origin", "none"):
        raise MissingError
    if site is None and origin is not None and urlsplit(origin).netloc not in ours - {""}:
        raise MissingError


def spoken_date(day: date) -> str:
    """Write a date as people write it: 11月23日（星期一）, Monday, Nov 23."""
    return written(day, "M月d日（EEEE）", "EEEE, MMM d")


def spoken_weekday(day: date) -> str:
    """Write the day of a week that is clear, as people write it: 周一, Mon."""
    return written(day, "EEE", "EEE")


def spoken_class(grade: int | None, class_name: str | None) -> str:
    """Write a class as people write it: 三年级2班, Grade 3 Class 2; what is not known is left out."""
    if language.get() == CHINESE:
        spoken = "" if grade is None else f"{'零一二三四五六七八九'[grade]}年级" if 0 < grade < 10 else f"{grade}年级"
        return spoken + (class_name or "") or _("No class yet")
    numbered = re.fullmatch(r"(\d+)班", class_name or "")
    parts = (f"Grade {grade}" if grade is not None else "", f"Class {numbered[1]}" if numbered else class_name or "")
    return " ".join(filter(None, parts)) or _("No class yet")


def spoken_day(day: date | None) -> str:
    """Write a day short, with its year where that is not this one: 11月23日, 2019年9月1日, Nov 23."""
    if day is None:
        return ""
    return written(day, "M月d日", "MMM d") if day.year == today().year else written(day, "y年M月d日", "MMM d, y")


def spoken_days(first: date, last: date) -> str:
    """Write days from one to another as people write them: 11月2日至6日, 2020年9月1日至2021年1月29日, Nov 2 – 6."""
    this_year = first.year == last.year == today().year
    return format_interval(first, last, "MMMd" if this_year else "yMMMd", locale=_locale())


def ago(moment: datetime | None) -> str:
    """Write how long ago something was, as people say it: 3分钟前, 3 minutes ago."""
    if moment is None:
        return ""
    if abs(since := moment - now()) < timedelta(minutes=1):
        return _("just now")
    return format_timedelta(since, add_direction=True, locale=_locale())


def moment(at: datetime) -> str:
    """Write a moment to the second, in the installation's zone: 2020-11-23 08:00:00."""
    return f"{at.astimezone(settings().zone):%Y-%m-%d %H:%M:%S}"


def number(value: float | Decimal | None) -> str:
    """Write a number with its thousands apart; nothing is a dash."""
    return "–" if value is None else format_decimal(value, locale=_locale())


def percent(value: float | None) -> str:
    """Write a share as whole per cent; nothing is a dash."""
    return "–" if value is None else format_percent(value, "#,##0%", locale=_locale())


def spoken_state(state: str) -> str:
    """Say how a task stands."""
    said = {
        "due": _("To do"),
        "overdue": _("Overdue"),
        "done": _("Done"),
        "late": _("Done late"),
        "missed": _("Missed"),
        "excused": _("Excused"),
        "cancelled": _("Cancelled"),
    }
    return said[state]


def _locale() -> str:
    return "zh_CN" if language.get() == CHINESE else "en"


@cache
def static(name: str) -> str:
    """Return the address of a file that pages use, by what is in it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def narrowed(query: Mapping[str, str], **changes: object) -> str:
    """Write the query of a list with some filters changed; `None` takes one away, and the list begins again at its first page."""
    kept: dict[str, object] = {name: value for name, value in query.items() if name != "cursor"}
    pairs = {name: value for name, value in (kept | changes).items() if value not in (None, "")}
    return "?" + urlencode(pairs)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hongzhu_registry"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=_,
        spoken_class=spoken_class,
        spoken_days=spoken_days,
        static=static,
        narrowed=narrowed,
        spoken_state=spoken_state,
    )
    environment.filters.update(
        spoken_date=spoken_date,
        spoken_weekday=spoken_weekday,
        spoken_day=spoken_day,
        ago=ago,
        moment=moment,
        number=number,
        percent=percent,
    )
    return environment


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page in the reader's language."""
    request.state.refused = status >= 400
    html = (
        _environment()
        .get_template(template)
        .render({"language": language.get(), "today": today(), "query": request.query_params} | values)
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", **SECURITY_HEADERS})
