"""What was asked for by a former version, otherwise than now, is filed by that version's form for as long as it is owed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from county import BUREAU, TALK, County, due, of_task, promise, token_of
from county import FORM as TOPICS
from teachers_page import ENGLISH, OWN, TUESDAY, offered, page, path_of

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_due

FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["heard"],
    "properties": {"heard": {"type": "string", "title": "听到什么|What was heard", "enum": ["好|Good"]}},
}
NEXT = MONDAY + timedelta(days=7)


@pytest.fixture
def changed(county: County) -> County:
    """A week later the talk asks for another kind of evidence, and the children are owed it, too."""
    clock.stand_on(NEXT)
    with database.transaction() as session:
        programmes.declare(session, promise(resolved_by="visit", form=FORM))
        session.flush()
        programmes.approve(session, BUREAU, TALK, NEXT)
        on_task_due(session, due(TALK, *OWN, day=NEXT, version=2))
    county.http.cookies.set(SESSION, token_of("school"))
    return county


@pytest.mark.parametrize("desk", ["/school/record", "link"])
def test_a_former_versions_open_tasks_are_filed_by_its_own_form_beside_the_new_one(changed: County, desk: str) -> None:
    at = path_of() if desk == "link" else desk
    over = at if desk == "link" else "/school"
    links = page(changed, over)
    assert {f"{at}/{TALK}", f"{at}/{TALK}~talk"} <= set(re.findall(r'href="([^"]+)"', links))
    new, former = page(changed, f"{at}/{TALK}"), page(changed, f"{at}/{TALK}~talk")
    assert ("data.heard" in new, "data.topic" in new) == (True, False)
    assert ("data.heard" in former, "data.topic" in former) == (False, True)
    assert sorted(offered(new)) == sorted(offered(former)) == sorted(OWN)
    (key,) = re.findall(r'name="key" value="([^"]+)"', former)
    form = {"key": key, "child": OWN, "occurred_on": str(TUESDAY), "data.topic": "学习|Learning"}
    for _ in range(2):
        answer = changed.http.post(f"{at}/{TALK}~talk", data=form, headers=ENGLISH)
        assert answer.status_code == 200, answer.text
        assert "Recorded for 2" in answer.text, "though nothing is left by this form"
    states = {day: changed.get("school", f"/tasks/{of_task(TALK, OWN[0], day)}")["state"] for day in (MONDAY, NEXT)}
    assert states == {MONDAY: "done", NEXT: "due"}
    assert f"{TALK}~talk" not in page(changed, over), "it is owed no more"


@pytest.mark.parametrize("desk", ["/school/record", "link"])
def test_a_former_versions_open_task_of_a_whole_school_is_filed_by_its_own_form(county: County, desk: str) -> None:
    said: dict[str, Any] = {"subject": "school", "assignee": "school_coordinator", "fields": set()}
    code = "carers.review"
    for version, (kind, asked, day) in enumerate((("review", FORM, MONDAY), ("survey", TOPICS, NEXT)), start=1):
        clock.stand_on(day)
        with database.transaction() as session:
            programmes.declare(session, promise(code, resolved_by=kind, form=asked, **said))
            session.flush()
            programmes.approve(session, BUREAU, code, day)
            on_task_due(session, due(code, "school-own", day=day, version=version))
    county.http.cookies.set(SESSION, token_of("school"))
    at = path_of("coordinator-own") if desk == "link" else desk
    former = page(county, f"{at}/{code}~review")
    assert ("data.heard" in former, "data.topic" in former) == (True, False)
    assert "data.topic" in page(county, f"{at}/{code}")
    (key,) = re.findall(r'name="key" value="([^"]+)"', former)
    form = {"key": key, "occurred_on": str(TUESDAY), "data.heard": "好|Good"}
    for _ in range(2):
        answer = county.http.post(f"{at}/{code}~review", data=form, headers=ENGLISH)
        assert answer.status_code == 200, answer.text
        assert "Recorded" in answer.text
    states = [county.get("school", f"/tasks/{of_task(code, 'school-own', day)}")["state"] for day in (MONDAY, NEXT)]
    assert states == ["done", "due"]


def test_a_version_that_asks_for_the_same_kind_has_one_form(county: County) -> None:
    clock.stand_on(NEXT)
    with database.transaction() as session:
        programmes.declare(session, promise(form=FORM))
        session.flush()
        programmes.approve(session, BUREAU, TALK, NEXT)
    html = page(county)
    assert "~talk" not in html
    assert "data.heard" in html
    assert sorted(offered(html)) == sorted(OWN)
