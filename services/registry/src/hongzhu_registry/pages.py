"""How pages are rendered: one environment, the reader's language, nothing from outside the host."""

import re
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hongzhu.errors import MissingError
from hongzhu.i18n import CHINESE, _, language
from hongzhu.settings import settings

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""No script and no style but our own, and no address of a page, which may hold a signed link, told to anyone."""


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
    """Write a date as people write it: 11月23日 星期一, Monday, Nov 23."""
    if language.get() == CHINESE:
        return format_date(day, "M月d日 EEEE", locale="zh_CN")
    return format_date(day, "EEEE, MMM d", locale="en")


def spoken_weekday(day: date) -> str:
    """Write the day of a week that is clear, as people write it: 周一, Mon."""
    return format_date(day, "EEE", locale="zh_CN" if language.get() == CHINESE else "en")


def spoken_class(grade: int | None, class_name: str | None) -> str:
    """Write a class as people write it: 三年级2班, Grade 3 Class 2; what is not known is left out."""
    if language.get() == CHINESE:
        spoken = "" if grade is None else f"{'零一二三四五六七八九'[grade]}年级" if 0 < grade < 10 else f"{grade}年级"
        return spoken + (class_name or "") or _("No class yet")
    numbered = re.fullmatch(r"(\d+)班", class_name or "")
    parts = (f"Grade {grade}" if grade is not None else "", f"Class {numbered[1]}" if numbered else class_name or "")
    return " ".join(filter(None, parts)) or _("No class yet")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hongzhu_registry"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_=_, spoken_class=spoken_class)
    environment.filters.update(spoken_date=spoken_date, spoken_weekday=spoken_weekday)
    return environment


def render(_request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page in the reader's language."""
    html = _environment().get_template(template).render(language=language.get(), **values)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", **SECURITY_HEADERS})
