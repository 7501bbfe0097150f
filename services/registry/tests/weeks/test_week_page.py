import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from county import BUREAU, FORM, TALK, County, child, due, of_task, promise, supporter
from fastapi.testclient import TestClient
from itsdangerous import TimestampSigner
from sqlalchemy import Engine, event, select, update

from hongzhu import clock
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.records.models import Record
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.weeks.links import LASTS, link_to_week

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
TOPIC = FORM["properties"]["topic"]["enum"][1]  # type: ignore[index]
ENGLISH = {"Accept-Language": "en"}
OWN = ["child-own", "child-mate"]


@pytest.fixture(autouse=True)
def _wednesday(request: pytest.FixtureRequest) -> None:
    """The county opens on a Monday; by Wednesday there are days before and after."""
    name = next(each for each in ("county", "sqlite_county", "postgres_county") if each in request.fixturenames)
    request.getfixturevalue(name)
    clock.stand_on(WEDNESDAY)


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


def test_a_teacher_finds_the_children_of_his_class_and_no_other(county: County) -> None:
    join(pupil(1, class_name="2班"), pupil(2, grade=4))
    html = page(county)
    assert sorted(offered(html)) == sorted(OWN)
    assert "Grade 3 Class 1" in html
    assert "孩子ther" not in html


def test_filing_resolves_the_tasks_of_every_ticked_child_at_once(county: County) -> None:
    answer = file(county, OWN, data_note="想妈妈\r\n下周再谈")
    assert [each.status_code for each in answer.history] == [303]
    assert "Recorded for 2" in answer.text
    assert "All done this week" in answer.text
    assert answer.text.count("Tuesday, Nov 24") == 3, "in the confirmation, and beside each child that is done"
    ((record, children),) = filed()
    assert children == set(OWN)
    assert record.occurred_on == TUESDAY
    assert record.data == {"topic": TOPIC, "note": "想妈妈\n下周再谈"}
    assert record.filed_by == "teacher-own"
    for each in OWN:
        task = county.get("school", f"/tasks/{of_task(TALK, each)}")
        assert (task["state"], task["done_on"], task["evidence_id"]) == ("done", str(TUESDAY), record.id)
    assert [topic for topic, _ in county.said()].count("evidence.filed.v1") == 1


def test_what_is_left_empty_is_left_out_and_one_child_may_be_filed_alone(county: County) -> None:
    answer = file(county, ["child-own"])
    assert filed()[0][0].data == {"topic": TOPIC}
    assert filed()[0][1] == {"child-own"}
    assert "Recorded for 1" in answer.text
    assert "Still to do: 1" in answer.text
    assert offered(answer.text) == ["child-mate"]


def test_sending_the_same_form_twice_files_it_once(county: County) -> None:
    form = a_form(page(county), OWN)
    first, again = send(county, form), send(county, form)
    assert len(filed()) == 1
    assert first.url.query == again.url.query, "whoever sends it twice is told the same"
    assert "Recorded for 2" in again.text


def test_sending_the_same_form_from_many_taps_at_once_files_it_once(county: County) -> None:
    answers = at_once(county, [("teacher-own", a_form(page(county), OWN))] * 6)
    assert {each.status_code for each in answers} == {200}
    assert len(filed()) == 1


def test_two_who_file_for_the_same_child_at_once_leave_one_record(county: County) -> None:
    forms = [(who, a_form(page(county, path_of(who)), ["child-own"])) for who in ("teacher-own", "coordinator-own")]
    answers = at_once(county, forms * 2)
    assert {each.status_code for each in answers} == {200}
    assert [children for _, children in filed()] == [{"child-own"}]


def at_once(county: County, forms: list[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
    def tap(who: str, form: dict[str, Any]) -> httpx.Response:
        with TestClient(county.http.app, raise_server_exceptions=False) as browser:
            return browser.post(f"{path_of(who)}/{TALK}", data=form, headers=ENGLISH)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(lambda each: tap(*each), forms))


def test_going_back_and_ticking_other_children_is_another_record_not_a_lost_one(county: County) -> None:
    form = a_form(page(county), ["child-own"])
    send(county, form)
    answer = send(county, form | {"child": ["child-mate"]})
    assert "Recorded for 1" in answer.text
    assert [children for _, children in filed()] == [{"child-own"}, {"child-mate"}]


@pytest.mark.parametrize(
    ("changes", "beside", "said"),
    [
        ({"child": []}, "children", "Tick at least one child."),
        ({"occurred_on": ""}, "day", "Please give a day"),
        ({"occurred_on": "yesterday"}, "day", "Please give a day"),
        ({"occurred_on": str(WEDNESDAY + timedelta(days=1))}, "day", "The day is in the future"),
        ({"occurred_on": str(MONDAY - timedelta(days=1))}, "day", "Only days since Monday, Nov 23 count here."),
        ({"data.topic": ""}, "f-topic", "Choose one."),
        ({"data.topic": "天气|Weather"}, "f-topic", "Choose one."),
        ({"data.note": "字" * 1001}, "f-note", "At most 1000 characters; these are 1001."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    sqlite_county: County, changes: dict[str, Any], beside: str, said: str
) -> None:
    form = a_form(page(sqlite_county), ["child-own"], data_note="她想妈妈 & 爸爸") | changes
    answer = send(sqlite_county, form)
    assert answer.status_code == 422
    assert not answer.history
    assert filed() == []
    assert re.search(rf'<p class="wrong" id="{beside}-wrong">{re.escape(said)}', answer.text)
    assert f'aria-describedby="{beside}-wrong"' in answer.text
    assert f'<a href="#{beside}">' in answer.text, "the summary above leads to it"
    assert answer.text.count('<p class="wrong"') == 1
    assert ticked(answer.text) == form["child"]
    assert f'value="{form["occurred_on"]}"' in answer.text
    assert form["data.note"].replace("&", "&amp;") in answer.text
    assert (f'value="{TOPIC}" required checked' in answer.text) == (form["data.topic"] == TOPIC)
    assert f'name="key" value="{form["key"]}"' in answer.text
    assert send(sqlite_county, form | a_form(answer.text, ["child-own"])).history, "mended, it goes in"


def test_all_mistakes_are_told_at_once(sqlite_county: County) -> None:
    for day in ("", WEDNESDAY + timedelta(days=1)):
        answer = file(sqlite_county, [], occurred_on=str(day), data_topic="")
        assert answer.text.count('<p class="wrong"') == 3


def test_what_only_the_desk_refuses_is_said_on_the_page_too(sqlite_county: County) -> None:
    with database.transaction() as session:
        strict = FORM | {"properties": FORM["properties"] | {"note": {"type": "string", "pattern": "^[a-z]*$"}}}  # type: ignore[operator]
        programmes.declare(session, promise(form=strict))
        session.flush()
        programmes.approve(session, BUREAU, TALK, MONDAY)
    answer = file(sqlite_county, ["child-own"], data_note="NO")
    assert answer.status_code == 422
    assert 'id="f-note-wrong"' in answer.text
    assert filed() == []


@pytest.mark.parametrize("stranger", ["child-other", "pupil-1", "nobody", "<b>"])
def test_nobody_files_for_a_child_that_is_not_his_and_all_strangers_look_alike(county: County, stranger: str) -> None:
    join(pupil(1, class_name="2班"))
    answer = file(county, ["child-own", stranger])
    assert answer.status_code == 422
    assert "A child is not on your list any more." in answer.text
    assert ticked(answer.text) == ["child-own"]
    assert stranger not in answer.text
    assert filed() == []


def test_a_child_done_by_someone_else_meanwhile_is_not_filed_twice(county: County) -> None:
    form = a_form(page(county), OWN)
    file(county, ["child-own"], "coordinator-own")
    answer = send(county, form)
    assert "Recorded for 1" in answer.text
    assert "Already recorded by someone, so not again: 1" in answer.text
    assert [children for _, children in filed()] == [{"child-own"}, {"child-mate"}]
    everybody = send(county, a_form('name="key" value="another"', OWN))
    assert "Recorded for" not in everybody.text
    assert "Already recorded by someone, so not again: 2" in everybody.text
    assert len(filed()) == 2


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
    assert html.count('<span class="mark">First</span>') == 3
    assert '<span class="mark">First: 3</span>' in with_classes()
    assert not re.search(r"poverty|poor|贫困|困难", html + county.http.get(path_of()).text)


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
    assert "This link no longer opens." in old.text
    assert "The next notice brings a new one" in old.text
    assert filed() == []
    forged = [f"{path[:-4]}AAAA", "/w/x.y.z", "/w/" + path.split("/")[-1].split(".")[0], f"{path}A"]
    assert {sqlite_county.http.get(each, headers=ENGLISH).text for each in forged} == {old.text}
    for each in forged:
        assert sqlite_county.http.post(f"{each}/{TALK}", data=form, headers=ENGLISH).text == old.text
    assert filed() == []


def test_a_form_is_not_even_read_before_the_link_has_opened(sqlite_county: County) -> None:
    answer = sqlite_county.http.post(f"/w/forged/{TALK}", data={f"x{number}": "1" for number in range(3000)})
    assert answer.status_code == 404


def test_a_file_in_the_place_of_a_field_is_no_answer(sqlite_county: County) -> None:
    form = a_form(page(sqlite_county), ["child-own"])
    answer = sqlite_county.http.post(
        f"{path_of()}/{TALK}", data=form, files={"data.topic": ("topic.txt", b"x")}, headers=ENGLISH
    )
    assert answer.status_code in (400, 422)
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
    assert re.findall(r"Still to do: (\d)", html) == ["2", "1"]
    back = send(
        sqlite_county, a_form(page(sqlite_county, f"{path_of()}/carers.visit"), ["child-own"]), code="carers.visit"
    )
    assert re.search(r'class="back" href="/w/[^"/]+"', back.text)
    assert "All done this week" in back.text
    assert sqlite_county.http.get(f"{path_of()}/carers.nothing").status_code == 404


def test_nobody_is_shown_the_record_of_another(sqlite_county: County) -> None:
    file(sqlite_county, OWN)
    (record, _) = filed()[0]
    address = f"{path_of('coordinator-own')}/{TALK}?filed={record.id}"
    assert "Recorded for" not in page(sqlite_county, address)
    assert "Recorded for" in page(sqlite_county, f"{path_of()}/{TALK}?filed={record.id}")


def test_an_address_after_filing_holds_no_name(sqlite_county: County) -> None:
    answer = file(sqlite_county, OWN, data_note="秘密")
    assert re.fullmatch(r"filed=[0-9a-f-]{36}", answer.url.query.decode())


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
