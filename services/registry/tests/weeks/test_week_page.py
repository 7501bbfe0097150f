import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from county import BUREAU, TALK, County, due, promise, supporter
from itsdangerous import TimestampSigner
from sqlalchemy import Engine, event, update
from teachers_page import (
    ENGLISH,
    OWN,
    TUESDAY,
    WEDNESDAY,
    a_form,
    file,
    filed,
    join,
    offered,
    page,
    path_of,
    pupil,
    send,
    ticked,
)

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child, Relative
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.weeks.links import LASTS

pytestmark = pytest.mark.usefixtures("wednesday")


def test_a_teacher_finds_the_children_of_his_class_and_no_other(county: County) -> None:
    join(pupil(1, class_name="2班"), pupil(2, grade=4))
    html = page(county)
    assert sorted(offered(html)) == sorted(OWN)
    assert "Grade 3 Class 1" in html
    assert "孩子ther" not in html


def test_a_name_is_shown_as_it_is_written_and_never_runs(sqlite_county: County) -> None:
    name = "<script>alert(1)</script>\"'"
    with database.transaction() as session:
        session.execute(update(Child).values(name=name))
        session.execute(update(Supporter).values(name=name, class_name='"><img src=x>'))
        session.execute(update(Child).values(class_name='"><img src=x>'))
    for html in (
        page(sqlite_county),
        file(sqlite_county, ["child-own"]).text,
        page(sqlite_county, path_of("coordinator-own")),
    ):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;" in html
        assert "<script>" not in html
        assert "<img src=x" not in html


def test_a_page_runs_and_loads_nothing_but_our_own_files(sqlite_county: County) -> None:
    answers = [
        sqlite_county.http.get(path_of()),
        sqlite_county.http.get("/w/forged"),
        file(sqlite_county, []),
        file(sqlite_county, OWN),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", answer.text)
        loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', answer.text)
        assert {each for each in loaded if not each.startswith("/static/")} == set()
        for each in loaded:
            assert sqlite_county.http.get(each).status_code == 200


def test_every_field_has_a_label_and_every_id_is_one_thing(sqlite_county: County) -> None:
    html = file(sqlite_county, [], occurred_on="").text
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for named in re.findall(r'(?:for|aria-describedby|aria-labelledby)="([^"]+)"|href="#([^"]+)"', html):
        assert set(filter(None, named)) <= set(ids)
    bare = re.sub(r"<label.*?</label>", "", html, flags=re.DOTALL)
    inputs = re.findall(r"<(?:input|textarea)[^>]*>", bare)
    assert all('type="hidden"' in each or re.search(r'id="([^"]+)"', each) for each in inputs)


def test_need_is_marked_without_saying_why_and_comes_first(county: County) -> None:
    def with_classes() -> str:
        join(pupil(9, class_name="2班", in_poverty=None))
        return page(county, path_of("coordinator-own"))

    join(pupil(1, name="阿一"), pupil(2, name="阿二", in_poverty=None), pupil(3, name="阿三", in_poverty=True))
    html = page(county)
    assert offered(html) == ["child-mate", "child-own", "pupil-3", "pupil-1", "pupil-2"], "not known is not first"
    assert html.count('<span class="mark">Priority</span>') == 3
    assert '<span class="mark">Priority: 3</span>' in with_classes()
    assert not re.search(r"poverty|poor|贫困|困难", html + county.http.get(path_of()).text)


def days_of(html: str) -> dict[str, str]:
    """What day each child has on a page, by its name; those of days gone by have none."""
    rows = re.findall(r'class="name">([^<]+)</span>\s*<span class="(?:mark today|day)">([^<]+)</span>', html)
    return dict(rows)


def test_a_week_is_spread_over_its_days_and_the_whole_school_has_one_plan(sqlite_county: County) -> None:
    clock.stand_on(MONDAY)
    join(*(pupil(number, name=f"阿{number}") for number in range(1, 9)))
    siblings = [pupil(20, name="阿大"), pupil(21, name="阿小", class_name="2班")]
    join(*siblings)
    with database.transaction() as session:
        for each in siblings:
            parents = (("father", "陈大海"), ("mother", "林小溪"))
            session.add_all(Relative(child_id=each.id, role=role, name=name) for role, name in parents)
    teachers = days_of(page(sqlite_county))
    assert sorted(Counter(teachers.values()).values()) == [2, 2, 2, 2, 3], "eleven children on five days"
    coordinators = days_of(page(sqlite_county, path_of("coordinator-own")))
    assert coordinators | teachers == coordinators
    assert coordinators["阿大"] == coordinators["阿小"]
    clock.stand_on(WEDNESDAY)
    assert set(days_of(page(sqlite_county)).values()) == {"Today", "Thu", "Fri"}


def test_a_coordinator_finds_the_whole_school_by_class_and_files_for_any(county: County) -> None:
    join(
        pupil(1, class_name="10班"),
        pupil(2, class_name="2班"),
        pupil(3, grade=1),
        pupil(4, grade=None, class_name=None),
    )
    html = page(county, path_of("coordinator-own"))
    titles = re.findall(r"<summary>([^<]*?) <span", html)
    assert titles == ["Grade 1 Class 1", "Grade 3 Class 1", "Grade 3 Class 2", "Grade 3 Class 10", "No class yet"]
    assert len(offered(html)) == 6
    assert "child-other" not in html
    answer = file(county, ["pupil-1", "pupil-4"], "coordinator-own")
    assert filed()[0][1] == {"pupil-1", "pupil-4"}
    assert "Grade 3 Class 10" in answer.text.split('class="done"')[1], "a coordinator sees whose class is done"


@pytest.mark.parametrize(
    "office", [{"duty": None}, {"duty": "class_teacher", "grade": None, "class_name": None}, {"duty": "librarian"}]
)
def test_a_teacher_without_a_class_finds_nothing_not_the_school(county: County, office: dict[str, Any]) -> None:
    join(pupil(1, grade=None, class_name=None))
    form = a_form(page(county), ["child-own"])
    with database.transaction() as session:
        session.execute(update(Supporter).where(Supporter.id == "teacher-own").values(**office))
    html = page(county)
    assert offered(html) == []
    assert "Nothing is waiting for you this week." in html
    assert send(county, form).status_code == 404
    assert filed() == []


def test_a_child_that_left_or_went_to_another_school_is_on_its_old_school_s_list_no_more(county: County) -> None:
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id == "child-own").values(school_id="school-other"))
        session.execute(update(Child).where(Child.id == "child-mate").values(left_on=TUESDAY))
    assert offered(page(county)) == []
    assert offered(page(county, path_of("teacher-other"))) == ["child-own"]


@contextmanager
def years_later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> Iterator[None]:
    real = TimestampSigner.get_timestamp
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + seconds)
        yield


def test_a_link_opens_for_a_week_and_a_day_and_then_says_kindly_that_a_new_one_comes(
    sqlite_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of()
    form = a_form(page(sqlite_county), OWN)
    with years_later(monkeypatch, LASTS - 60):
        assert offered(page(sqlite_county, path))
    with years_later(monkeypatch, LASTS + 60):
        old = sqlite_county.http.get(path, headers=ENGLISH)
        sent = sqlite_county.http.post(f"{path}/{TALK}", data=form, headers=ENGLISH)
    assert old.status_code == sent.status_code == 404
    assert "This link no longer opens" in old.text
    assert "please open the one in your latest notice" in old.text
    assert filed() == []
    forged = [f"{path[:-4]}AAAA", "/w/x.y.z", "/w/" + path.split("/")[-1].split(".")[0], f"{path}A"]
    assert {sqlite_county.http.get(each, headers=ENGLISH).text for each in forged} == {old.text}
    for each in forged:
        assert sqlite_county.http.post(f"{each}/{TALK}", data=form, headers=ENGLISH).text == old.text
    assert filed() == []


def test_select_all_works_without_a_script_and_for_one_class_alone(sqlite_county: County) -> None:
    join(pupil(1, class_name="2班"), pupil(2, class_name="2班"))
    html = page(sqlite_county)
    (link,) = re.findall(r'<a class="all" href="([^"]+)"', html)
    assert sorted(ticked(page(sqlite_county, path_of() + link))) == sorted(OWN)
    coordinator = path_of("coordinator-own")
    of_each = re.findall(r'<a class="all" href="([^"]+)"', page(sqlite_county, coordinator))
    assert sorted(ticked(page(sqlite_county, coordinator + of_each[1]))) == ["pupil-1", "pupil-2"]
    assert page(sqlite_county, coordinator + of_each[1]).count('<details class="class" open') == 1


def test_a_child_still_owed_last_week_s_talk_stands_on_the_list_once(county: County) -> None:
    with database.transaction() as session:
        on_task_due(session, due(TALK, "child-own", day=MONDAY - timedelta(days=7)))
    html = page(county)
    assert offered(html) == ["child-own", "child-mate"], "who has waited longest comes first"
    assert html.count('<span class="mark late">Overdue</span>') == 1
    answer = file(county, ["child-own"], occurred_on=str(MONDAY - timedelta(days=2)))
    assert answer.history, "a day of last week counts for the child that is owed it"
    assert sorted(offered(answer.text)) == sorted(OWN), "this week's talk is still owed"
    assert file(county, OWN, occurred_on=str(MONDAY - timedelta(days=1))).status_code == 422


def test_one_programme_opens_at_once_and_several_are_a_list_with_the_largest_need_first(sqlite_county: County) -> None:
    def also(code: str, *children: str) -> None:
        with database.transaction() as session:
            programmes.declare(session, promise(code, resolved_by=code.partition(".")[2]))
            session.flush()
            programmes.approve(session, BUREAU, code, MONDAY)
            on_task_due(session, due(code, *children))

    assert offered(page(sqlite_county))
    also("carers.visit", "child-own")
    html = page(sqlite_county)
    assert offered(html) == []
    assert re.findall(r'href="/w/[^"]+/(carers\.\w+)"', html) == [TALK, "carers.visit"]
    assert re.findall(r"(\d) to do", html) == ["2", "1"]
    back = send(
        sqlite_county, a_form(page(sqlite_county, f"{path_of()}/carers.visit"), ["child-own"]), code="carers.visit"
    )
    assert re.search(r'class="back" href="/w/[^"/]+"', back.text)
    assert "All done this week" in back.text
    assert sqlite_county.http.get(f"{path_of()}/carers.nothing").status_code == 404


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_page_asks_the_database_as_often_for_a_hundred_children_as_for_two(sqlite_county: County) -> None:
    def asked(act: Callable[[], Any]) -> int:
        with statements(database.engine) as seen:
            act()
        return len(seen)

    few = asked(lambda: page(sqlite_county)), asked(lambda: file(sqlite_county, OWN))
    join(*(pupil(number) for number in range(100)))
    many = (
        asked(lambda: page(sqlite_county)),
        asked(lambda: file(sqlite_county, [f"pupil-{number}" for number in range(100)])),
    )
    assert len(filed()[1][1]) == 100
    assert many == few


def test_the_page_of_a_supporter_who_has_no_school_is_not_there(sqlite_county: County) -> None:
    assert sqlite_county.http.get(path_of("carer")).status_code == 404
    with database.transaction() as session:
        session.add(supporter("newcomer", "school-own", duty="coordinator"))
    assert offered(page(sqlite_county, path_of("newcomer")))


def test_a_child_done_before_the_week_is_not_told_as_done_in_it(sqlite_county: County) -> None:
    file(sqlite_county, OWN)
    clock.stand_on(date(2020, 12, 1))
    html = page(sqlite_county)
    assert offered(html) == []
    assert "Nothing is waiting for you this week." in html
