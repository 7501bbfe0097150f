"""A school's own desk: what it owes, its classes, and recording for any of its children."""

import re
from datetime import timedelta

import pytest
from county import COUNSELLOR, TALK, County, due, of_task, token_of
from sqlalchemy import update
from teachers_page import ENGLISH, OWN, TOPIC, TUESDAY, WEDNESDAY, join, offered, page, path_of, pupil

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.database import database
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.tasks.models import Task


@pytest.fixture
def school(county: County) -> County:
    clock.stand_on(WEDNESDAY)
    county.http.cookies.set(SESSION, token_of("school"))
    return county


def text(county: County, path: str) -> str:
    answer = county.http.get(path, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_each_figure_of_a_school_counts_the_rows_that_it_opens(school: County) -> None:
    join(pupil(1), pupil(2, class_name="2班"))
    html = text(school, "/school")
    links = re.findall(
        r'href="?(/tasks\?[^" ]+)[^>]*>(?:[^<]*(?:<span class="(?:title|note)">[^<]*</span>\s*)+<span class="value">)?(\d+)<',
        html,
    )
    assert len(links) == 5, "three figures above, and what is due of two programmes"
    for link, count in links:
        rows = re.findall(r"<tr data-opens>", text(school, link.replace("&amp;", "&")))
        assert len(rows) == int(count), link


def test_what_is_overdue_stands_first_and_only_what_presses_stands_out(school: County) -> None:
    def order() -> list[str]:
        found = re.findall(r'href="/tasks\?state=\w+&amp;programme=([\w.]+)', text(school, "/school"))
        return list(dict.fromkeys(found))

    primary = f'class="btn btn-primary" href="/school/record/{TALK}"'
    assert order() == [TALK, COUNSELLOR]
    assert primary in text(school, "/school")
    with database.transaction() as session:
        on_task_due(session, due(COUNSELLOR, "school-own", day=MONDAY - timedelta(days=7)))
    assert order() == [COUNSELLOR, TALK]
    with database.transaction() as session:
        session.execute(update(Task).where(Task.programme == TALK).values(due_on=MONDAY + timedelta(days=7)))
    assert primary not in text(school, "/school")


def test_a_school_sees_its_classes_and_whether_a_teacher_opened_her_link(school: County) -> None:
    join(pupil(1, class_name="2班"))
    before = text(school, "/school")
    assert "Grade 3 Class 1" in before
    assert "None yet: the coordinator is told" in before, "the second class has no teacher"
    assert "Not opened" in before
    page(school)
    assert "Not opened" not in text(school, "/school").split('id="by-class"')[1]


def test_a_school_records_for_several_of_its_children_at_once_and_once(school: County) -> None:
    path = f"/school/record/{TALK}"
    html = text(school, path)
    assert sorted(offered(html)) == sorted(OWN)
    (key,) = re.findall(r'name="key" value="([^"]+)"', html)
    form = {"key": key, "child": OWN, "occurred_on": str(TUESDAY), "data.topic": ""}
    refused = school.http.post(path, data=form, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Choose one." in refused.text
    for _ in range(2):
        answer = school.http.post(path, data=form | {"data.topic": TOPIC}, headers=ENGLISH)
        assert "Recorded for 2" in answer.text
    for each in OWN:
        assert school.get("school", f"/tasks/{of_task(TALK, each)}")["state"] == "done"
    assert len(school.get("school", "/records?kind=talk")["items"]) == 2, "the county's own, and this one"


def test_a_school_is_told_that_the_last_of_what_was_overdue_was_recorded(school: County) -> None:
    clock.stand_on(MONDAY + timedelta(days=8))
    path = f"/school/record/{TALK}"
    (key,) = re.findall(r'name="key" value="([^"]+)"', text(school, path))
    form = {"key": key, "child": OWN, "occurred_on": str(TUESDAY), "data.topic": TOPIC}
    for _ in range(2):
        answer = school.http.post(path, data=form, headers=ENGLISH)
        assert answer.status_code == 200, answer.text
        assert "Recorded for 2" in answer.text
    assert path not in text(school, "/school")


def test_a_school_never_records_for_a_child_of_another(school: County) -> None:
    form = {"key": "k", "child": ["child-other"], "occurred_on": str(TUESDAY), "data.topic": TOPIC}
    assert school.http.post(f"/school/record/{TALK}", data=form).status_code == 422
    assert path_of() not in text(school, "/school"), "a teacher's link is hers alone"
