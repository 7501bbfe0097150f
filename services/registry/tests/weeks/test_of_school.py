"""What a coordinator's page shows of the school as a whole: an activity with who came, and the roster gone through."""

import re
from datetime import timedelta
from typing import Any

import pytest
from county import BUREAU, County, due, promise
from sqlalchemy import select
from teachers_page import ENGLISH, OWN, TUESDAY, join, offered, page, path_of, pupil, send, ticked

from hongzhu import clock
from hongzhu.programme import OncePer
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.tasks.consumers import on_task_due

pytestmark = pytest.mark.usefixtures("wednesday")

BIRTHDAY, ROSTER, WHO = "carers.birthday", "carers.roster", "coordinator-own"
CHECKED = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"result": {"type": "string", "title": "结果|Result", "enum": ["名册无误|It is right"]}},
    "required": ["result"],
}


def owed(code: str, **more: Any) -> None:
    """Owe a school's programme to the school."""
    said = {"subject": "school", "assignee": "school_coordinator", "resolved_by": code.partition(".")[2]}
    said |= {"trigger": OncePer(period="school_year"), "form": None, "fields": set()}
    with database.transaction() as session:
        programmes.declare(session, promise(code, **(said | more)))
        session.flush()
        programmes.approve(session, BUREAU, code, MONDAY)
        on_task_due(session, due(code, "school-own"))


@pytest.fixture
def birthday(county: County) -> County:
    join(pupil(1), pupil(2, class_name="2班"), tasks=False)
    owed(BIRTHDAY)
    return county


def form(county: County, code: str, children: list[str], **more: Any) -> dict[str, Any]:
    (key,) = re.findall(r'name="key" value="([^"]+)"', page(county, f"{path_of(WHO)}/{code}"))
    return {"key": key, "child": children, "occurred_on": str(TUESDAY)} | more


def state_of(county: County, code: str) -> str:
    (task,) = county.get("school", f"/tasks?programme={code}")["items"]
    return str(task["state"])


def test_a_birthday_begins_with_everybody_and_is_evidence_for_the_school_and_for_whoever_came(birthday: County) -> None:
    everybody = [*OWN, "pupil-1", "pupil-2"]
    html = page(birthday, f"{path_of(WHO)}/{BIRTHDAY}")
    assert sorted(ticked(html)) == sorted(everybody)
    came = ["child-own", "pupil-1"]
    answer = send(birthday, form(birthday, BIRTHDAY, came, **{"data.place": "礼堂"}), WHO, BIRTHDAY)
    assert "Recorded for 2" in answer.text
    assert state_of(birthday, BIRTHDAY) == "done"
    with database.transaction() as session:
        (activity,) = session.scalars(select(Activity).where(Activity.name == "谈心")).all()
        assert (activity.kind, activity.held_on, activity.attendance, activity.place) == (
            "birthday",
            TUESDAY,
            2,
            "礼堂",
        )
        shown = set(session.scalars(select(Evidence.subject_id).where(Evidence.id == activity.id)))
        listed = {each.child_id: each.attended for each in session.scalars(select(Attendance))}
    assert shown == {*came, "school-own"}
    assert listed == {each: each in came for each in everybody}


def test_absentees_of_a_birthday_stay_due_until_it_is_made_up_for_them(birthday: County) -> None:
    send(birthday, form(birthday, BIRTHDAY, ["child-own", "pupil-1"]), WHO, BIRTHDAY)
    html = page(birthday, f"{path_of(WHO)}/{BIRTHDAY}")
    assert sorted(offered(html)) == ["child-mate", "pupil-2"]
    assert ticked(html) == [], "whoever made it up is ticked by hand"
    assert "They stayed away when it was held" in html
    assert re.findall(r'<span class="day">(Grade[^<]+)', html) == ["Grade 3 Class 1", "Grade 3 Class 2"]
    assert '<details class="class"' not in html, "they are few, and so one list"
    send(birthday, form(birthday, BIRTHDAY, ["pupil-2"]), WHO, BIRTHDAY)
    assert offered(page(birthday, f"{path_of(WHO)}/{BIRTHDAY}")) == ["child-mate"]
    send(birthday, form(birthday, BIRTHDAY, ["child-mate"]), WHO, BIRTHDAY)
    assert "All done" in page(birthday, f"{path_of(WHO)}/{BIRTHDAY}")


def test_the_same_birthday_sent_twice_is_one(birthday: County) -> None:
    sent = form(birthday, BIRTHDAY, OWN)
    first, again = (send(birthday, sent, WHO, BIRTHDAY) for _ in range(2))
    assert first.url.query == again.url.query
    with database.transaction() as session:
        assert len(session.scalars(select(Activity).where(Activity.name == "谈心")).all()) == 1


def test_what_a_school_did_last_of_what_was_overdue_is_confirmed_and_once_when_it_is_sent_twice(
    birthday: County,
) -> None:
    clock.stand_on(MONDAY + timedelta(days=8))
    sent = form(birthday, BIRTHDAY, [*OWN, "pupil-1"])
    for _ in range(2):
        answer = send(birthday, sent, WHO, BIRTHDAY)
        assert answer.status_code == 200, answer.text
        assert "Recorded for 3" in answer.text
        assert "All done" in answer.text
    assert state_of(birthday, BIRTHDAY) == "done", "of a day in time"


def test_a_class_teacher_is_not_asked_for_what_the_school_owes(birthday: County) -> None:
    assert birthday.http.get(f"{path_of()}/{BIRTHDAY}", headers=ENGLISH).status_code == 404


def test_a_roster_is_confirmed_once_every_child_was_ticked(county: County) -> None:
    join(pupil(1, class_name="2班"), tasks=False)
    owed(ROSTER, resolved_by="roster_confirmed", form=CHECKED)
    right = {"data.result": "名册无误|It is right"}
    answer = send(county, form(county, ROSTER, OWN, **right), WHO, ROSTER)
    assert answer.status_code == 422
    assert "Not ticked: 1." in answer.text
    assert sorted(ticked(answer.text)) == sorted(OWN), "what was ticked is kept"
    assert state_of(county, ROSTER) == "due"
    answer = send(county, form(county, ROSTER, [*OWN, "pupil-1"], **right), WHO, ROSTER)
    assert "Recorded" in answer.text
    assert state_of(county, ROSTER) == "done"
    assert "Already recorded" in send(county, form_of_none(right), WHO, ROSTER).text


def form_of_none(right: dict[str, str]) -> dict[str, Any]:
    return {"key": "another", "child": [*OWN, "pupil-1"], "occurred_on": str(TUESDAY)} | right


def test_the_phone_is_told_until_when_it_may_keep_a_page(sqlite_county: County) -> None:
    for path in (path_of(), path_of(WHO)):
        answer = sqlite_county.http.get(path)
        assert f'data-until="{answer.headers["hongzhu-keep-until"].replace("+", "&#43;")}"' in answer.text or (
            f'data-until="{answer.headers["hongzhu-keep-until"]}"' in answer.text
        )
    worker = sqlite_county.http.get("/w/worker.js")
    assert (worker.status_code, worker.headers["content-type"].split(";")[0]) == (200, "text/javascript")
    assert "hongzhu-keep-until" not in sqlite_county.http.get("/w/forged").headers
