"""A teacher's page of the week, opened and sent as a browser would."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from county import FORM, TALK, County, child, due
from sqlalchemy import select

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.records.models import Record
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.weeks.links import link_to_week

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
TOPIC = FORM["properties"]["topic"]["enum"][1]  # type: ignore[index]
ENGLISH = {"Accept-Language": "en"}
OWN = ["child-own", "child-mate"]


def path_of(supporter_id: str = "teacher-own") -> str:
    return urlsplit(link_to_week(supporter_id)).path


def page(county: County, path: str | None = None) -> str:
    answer = county.http.get(path or path_of(), headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


def a_form(html: str, children: list[str], **changes: Any) -> dict[str, Any]:
    """A form as a browser would send it, filled in rightly but for `changes`."""
    (key,) = re.findall(r'name="key" value="([^"]+)"', html)
    right = {"key": key, "child": children, "occurred_on": str(TUESDAY), "data.topic": TOPIC, "data.note": ""}
    return right | {name.replace("data_", "data."): value for name, value in changes.items()}


def send(county: County, form: dict[str, Any], supporter_id: str = "teacher-own", code: str = TALK) -> httpx.Response:
    return county.http.post(f"{path_of(supporter_id)}/{code}", data=form, headers=ENGLISH)


def file(county: County, children: list[str], supporter_id: str = "teacher-own", **changes: Any) -> httpx.Response:
    return send(county, a_form(page(county, path_of(supporter_id)), children, **changes), supporter_id)


def filed() -> list[tuple[Record, set[str]]]:
    """The records that came from pages, each with its children."""
    with database.transaction() as session:
        records = session.scalars(select(Record).where(Record.filed_by.is_not(None)).order_by(Record.filed_at)).all()
        rows = session.execute(select(Evidence.id, Evidence.subject_id)).all()
    return [(each, {subject for record_id, subject in rows if record_id == each.id}) for each in records]


def offered(html: str) -> list[str]:
    return re.findall(r'name="child" value="([^"]+)"', html)


def ticked(html: str) -> list[str]:
    return re.findall(r'name="child" value="([^"]+)" checked', html)


def join(*children: Child, tasks: bool = True) -> None:
    """More children come to the school, and are owed this week's talk."""
    with database.transaction() as session:
        session.add_all(children)
        session.flush()
        if tasks:
            on_task_due(session, due(TALK, *(each.id for each in children)))


def pupil(number: int, **changes: Any) -> Child:
    return child(f"pupil-{number}", "school-own", f"35048120090504{number:04}", **({"in_poverty": False} | changes))
