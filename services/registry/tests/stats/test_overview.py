"""The overview: each figure is as many as the rows that its link lists."""

import re
from html import unescape

import pytest
from county import COUNSELLOR, TALK, County, due, token_of, touch_everything

from hongzhu import clock
from hongzhu.period import monday
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_due

_FIGURE = re.compile(
    r'<a href="?([^">]+)"? class="card figure[^>]*>.*?<span class="value">(.*?)</span>(.*?)</a>', re.DOTALL
)
_SHARE = re.compile(r'<a class="share" href="([^"]+)">\s*<span class="value">(.*?)</span> <span class="note">(\d+)')
_CELL = re.compile(r'<td[^>]*><a class="(?:warm-\d|rows|rows overdue)" href="([^"]+)">([\d,]+)</a>')


@pytest.fixture
def behind(county: County) -> County:
    """Let two weeks of talks have fallen due, one talk of them be held, and one child leave."""
    with database.transaction() as session:
        session.get_one(Child, "child-mate").sex = "male"
        for child in session.query(Child):
            child.in_poverty = child.id == "child-own"
        touch_everything(session)
    talked = {
        "kind": "talk",
        "occurred_on": str(MONDAY),
        "data": {"topic": "学习|Learning"},
        "child_ids": ["child-own"],
    }
    assert county.ask("school", "POST", "/records", talked).status_code == 201
    clock.stand_on(MONDAY.replace(day=MONDAY.day + 7))
    with database.transaction() as session:
        on_task_due(session, due(TALK, "child-own", "child-mate", day=clock.today()))
    return county


def rows_of(county: County, path: str) -> int:
    answer = county.http.get(unescape(path))
    assert answer.status_code == 200, path
    return len(re.findall("<tr data-opens>", answer.text))


def read(county: County, path: str) -> str:
    county.http.cookies.set(SESSION, token_of("bureau"))
    return county.http.get(path).text


def test_each_figure_of_the_children_is_as_many_as_the_rows_it_opens(behind: County) -> None:
    figures = {href: value for href, value, _note in _FIGURE.findall(read(behind, "/overview")) if "/children" in href}
    assert {href: rows_of(behind, href) for href in figures} == {href: int(value) for href, value in figures.items()}
    assert sorted(map(int, figures.values())) == [0, 1, 1, 2, 3]  # of whom one is poor, one a boy, two are girls


def test_each_figure_of_the_care_is_as_many_as_the_rows_it_opens(behind: County) -> None:
    page = read(behind, "/overview")
    cells = _CELL.findall(page)
    assert {href: rows_of(behind, href) for href, _ in cells} == {href: int(value) for href, value in cells}
    # This week's two talks and last week's one; the carers are behind with that one, the lawyers with both schools' counsellor.
    # What counts none, as all else of the lawyers, opens nothing.
    assert [int(value) for _, value in cells[:2]] == [2, 3]
    assert [int(value) for _, value in cells[-4:]] == [2, 1, 1, 2]
    shares = {href: (share, int(done)) for href, share, done in _SHARE.findall(page)}
    assert list(shares.values()) == [("25%", 1)]
    assert page.count('<span class="share">') == 1, "what nothing was done of opens nothing"
    assert {href: rows_of(behind, href) for href in shares} == {href: done for href, (_, done) in shares.items()}


def test_coverage_is_the_same_however_it_is_told_apart(behind: County) -> None:
    by = {each: behind.get("bureau", f"/stats/coverage?by={each}")["items"] for each in ("programme", "school", "week")}
    for name in ("owed", "done", "overdue", "due"):
        assert len({sum(row[name] for row in rows) for rows in by.values()}) == 1, name
    talks = [row for row in by["week"] if row["programme"] == TALK]
    assert [(row["begins_on"], row["share"]) for row in talks] == [
        (str(MONDAY), 0.5),
        (str(monday(clock.today())), 0.0),
    ]
    assert {row["programme"] for row in behind.get("lawyers", "/stats/coverage")["items"]} == {COUNSELLOR}
    other = behind.get("other_school", "/stats/coverage?by=school")["items"]
    assert {row["school_id"] for row in other} == {"school-other"}
    assert behind.get("bureau", f"/stats/coverage?from={MONDAY}&to={MONDAY}")["items"] != by["programme"]


def test_what_is_overdue_is_told_by_school_and_programme(behind: County) -> None:
    overdue = behind.get("bureau", "/stats/overview")["overdue"]
    counted = {(each["school_id"], each["programme"]): each["overdue"] for each in overdue}
    listed = {
        key: len(behind.get("bureau", f"/tasks?state=overdue&school_id={key[0]}&programme={key[1]}")["items"])
        for key in counted
    }
    assert counted == listed
    assert counted["school-own", TALK] == 1
