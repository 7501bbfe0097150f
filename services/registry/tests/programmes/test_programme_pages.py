"""The catalogue's pages: what is approved was shown first, and what tuning says will move is what moves."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from county import COUNSELLOR, TALK, County, promise, token_of
from sqlalchemy import select

from hongzhu import clock
from hongzhu.i18n import CHINESE, ENGLISH, speaking
from hongzhu.programme import Not, Rule, where
from hongzhu.testing.examples import MONDAY
from hongzhu.trigger import EverySchoolWeek, HolidayOffer, OncePer, OnEvent, Rota, SchoolWeeks, Several, Standing
from hongzhu_registry.database import database
from hongzhu_registry.programmes import service, tuning, tuning_form, words
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.models import Task

LISTED = re.compile(r"<tr><td>(.*?)</td><td>(.*?)</td></tr>")


@pytest.fixture
def desk(sqlite_county: County) -> County:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    sqlite_county.http.headers["accept-language"] = "en"
    return sqlite_county


def declare(**changes: Any) -> None:
    with database.transaction() as session:
        service.declare(session, promise(**changes))


def days() -> list[tuple[str, date]]:
    with database.transaction() as session:
        return [(row.id, row.due_on) for row in session.execute(select(Task.id, Task.due_on).order_by(Task.id))]


def test_the_catalogue_says_of_each_programme_for_whom_and_when(desk: County) -> None:
    page = desk.http.get("/programmes").text
    assert page.index("carers") < page.index(TALK) < page.index(COUNSELLOR)
    assert re.search(r"Every child</td>\s*<td[^>]*>every school week", page)
    assert TALK not in desk.http.get("/programmes?status=proposed").text


def test_a_version_is_approved_after_its_fields_and_their_purposes_were_shown(desk: County) -> None:
    declare(fields={"grade", "health"})
    page = desk.http.get(f"/programmes/{TALK}").text
    shown = re.findall(r'<th scope="row">(\w+)( <span[^>]*>new</span>)?</th><td>([^<]+)</td>', page)
    assert shown == [
        ("Grade", "", "to help the child learn"),
        ("Health", shown[1][1], "to take health into account"),
    ]
    assert shown[1][1], "which field is new is marked"

    stale = desk.http.post(f"/programmes/{TALK}/approve", data={"version": "1"})
    assert stale.status_code == 422, "what is approved is what was shown"
    wrong = desk.http.post(f"/programmes/{TALK}/approve", data={"version": "2", "effective_from": "soon"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text
    assert desk.get("bureau", f"/programmes/{TALK}")["status"] == "proposed"

    done = desk.http.post(f"/programmes/{TALK}/approve", data={"version": "2", "effective_from": "2020-12-07"})
    assert "It runs." in done.text
    now = desk.get("bureau", f"/programmes/{TALK}")
    assert (now["status"], now["version"], now["effective_from"]) == ("approved", 2, "2020-12-07")


def test_a_version_that_came_while_another_one_was_looked_at_is_not_approved(desk: County) -> None:
    declare(fields={"grade", "health"})
    shown = re.search(r'name="version" value="(\d+)"', desk.http.get(f"/programmes/{TALK}").text)
    assert shown
    declare(fields={"grade", "health", "id_number", "address"})
    assert desk.http.post(f"/programmes/{TALK}/approve", data={"version": shown[1]}).status_code == 422
    assert desk.get("bureau", f"/programmes/{TALK}")["status"] == "proposed"


def test_the_titles_that_come_with_a_programme_are_shown_before_it_is_approved(desk: County) -> None:
    declare(fields={"grade"})
    said = {"name": "carers", "title": {"zh": "关爱会", "en": "carers"}, "also": ["爱心社"]}
    assert desk.ask("carers", "PUT", "/agencies/carers", said).json()["titles_asked"] == ["爱心社"]
    assert "爱心社" in desk.http.get(f"/programmes/{TALK}").text
    unseen = desk.http.post(f"/programmes/{TALK}/approve", data={"version": "2"})
    assert unseen.status_code == 422, "another title than was shown"
    seen = desk.http.post(f"/programmes/{TALK}/approve", data={"version": "2", "titles": "爱心社"})
    assert "It runs." in seen.text
    assert desk.get("bureau", "/agencies/carers")["titles_asked"] == []


def test_the_preview_of_tuning_is_what_then_moves_and_no_open_task_gets_another_day(desk: County) -> None:
    before = days()
    typed = {"0.every": "1", "0.due": "5", "0.due.unit": "school_days", "0.grace": "1", "0.grace.unit": "school_weeks"}
    preview = desk.http.post(f"/programmes/{TALK}/tune", data=typed)
    assert preview.status_code == 200
    assert "0 open tasks get another due day, 2 keep theirs" in preview.text
    listed = LISTED.findall(preview.text)
    assert desk.get("bureau", f"/programmes/{TALK}")["version"] == 1, "a preview changes nothing"

    trigger = {"due": 5, "grace": {"school_weeks": 1}}
    told = desk.ask("bureau", "POST", f"/programmes/{TALK}/tune", {"trigger": trigger, "dry_run": True}).json()["moves"]
    assert len(told) == int(re.findall(r"(\d+) windows of the coming year", preview.text)[0])
    assert listed[0] == ("Nov 30 – Dec 6", "Nov 30 – Dec 4")

    done = desk.http.post(f"/programmes/{TALK}/tune", data=typed | {"act": "tune"})
    assert "Tuned." in done.text
    now = desk.get("bureau", f"/programmes/{TALK}")
    assert now["definition"]["trigger"]["due"] == 5
    assert now["definition"]["trigger"]["grace"] == {"school_weeks": 1}
    assert days() == before
    [announced] = [payload for topic, payload in desk.said() if "programme" in topic]
    assert json.loads(announced)["programme"]["trigger"]["grace"] == {"school_weeks": 1}


@pytest.mark.parametrize(
    ("field", "value"), [("0.every", "0"), ("0.every", ""), ("0.due", "Friday"), ("0.grace", "-1")]
)
def test_what_no_trigger_can_be_is_told_beside_its_field(desk: County, field: str, value: str) -> None:
    answer = desk.http.post(
        f"/programmes/{TALK}/tune", data={"0.every": "1", "0.due": "", "0.grace": "0"} | {field: value}
    )
    assert answer.status_code == 422
    assert re.search(rf'name="{field}" value="{value}"[^>]*aria-invalid=true', answer.text)


def test_a_programme_is_suspended_and_goes_on_again(desk: County) -> None:
    assert "Suspended" in desk.http.post(f"/programmes/{TALK}/suspend").text
    clock.stand_on(MONDAY + timedelta(days=3))
    assert "It runs." in desk.http.post(f"/programmes/{TALK}/approve", data={"version": "2"}).text
    now = desk.get("bureau", f"/programmes/{TALK}")
    assert (now["status"], now["effective_from"]) == ("approved", "2020-11-26")


def test_the_form_is_shown_as_the_teacher_will_see_it_and_cannot_be_sent(desk: County) -> None:
    page = desk.http.get(f"/programmes/{TALK}").text
    form = page.partition('<fieldset class="preview" disabled>')[2].partition("Tune it")[0]
    assert 'type="radio"' in form
    assert "Learning" in form
    assert "<button" not in form


@pytest.mark.parametrize(
    ("rule", "english", "chinese"),
    [
        (
            where("has_law_counsellor", False),
            "Every school: still without a law counsellor",
            "每所学校（尚未聘请法制辅导员）",
        ),
        (
            Not(rule=where("has_law_counsellor", True)),
            "Every school: still without a law counsellor",
            "每所学校（尚未聘请法制辅导员）",
        ),
        (where("has_home", True), "Every school: with a home for the children", "每所学校（已建立儿童之家）"),
        (Not(rule=where("boarding", True)), "Every school: not boarding", "每所学校（非寄宿）"),
    ],
)
def test_whom_a_programme_is_for_is_said_in_plain_words(rule: Rule, english: str, chinese: str) -> None:
    programme = promise(subject="school", eligible=rule, form=None, fields=frozenset())
    for language, said in ((ENGLISH, english), (CHINESE, chinese)):
        with speaking(language):
            assert words.for_whom(programme) == said


@pytest.mark.parametrize(
    ("trigger", "english", "chinese"),
    [
        (Standing(due_after=10), "within 10 school days of becoming eligible", "符合条件之日起10个教学日内完成"),
        (
            OnEvent(event="referral", due_after=1),
            "when it happens: a child is passed on for counselling, within 1 school day",
            "发生时办理：有儿童被转介辅导，1个教学日内完成",
        ),
    ],
)
def test_when_a_programme_falls_due_is_said_in_plain_words(trigger: Any, english: str, chinese: str) -> None:
    programme = promise(subject="school", trigger=trigger, form=None, fields=frozenset())
    for language, said in ((ENGLISH, english), (CHINESE, chinese)):
        with speaking(language):
            assert words.when(programme) == said


@pytest.mark.parametrize(
    "trigger",
    [
        EverySchoolWeek(every=2, opens=-3, due=SchoolWeeks(school_weeks=1)),
        OncePer(period="term", grace=None),
        Rota(times=3),
        HolidayOffer(weeks=2, places=5),
        Standing(due_after=SchoolWeeks(school_weeks=2)),
        OnEvent(event="assessment_drop", at_least=10, grace=3),
        Several(of=(OncePer(period="term"), OnEvent(event="roster_change"))),
    ],
)
def test_what_stands_in_the_fields_read_back_changes_nothing(trigger: Any) -> None:
    programme = promise(trigger=trigger, subject="school", form=None, fields=frozenset())
    typed = {}
    for field in (each for part in tuning_form.fields_of(programme) for each in part):
        typed |= {field.name: field.value, f"{field.name}.unit": field.unit}
    assert tuning.tune(programme, tuning_form.read(programme, typed)) == programme
