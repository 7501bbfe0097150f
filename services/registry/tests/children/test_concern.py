"""An academic concern is worked out when an assessment comes, and the scheduler hears of it."""

import json
from datetime import date, timedelta
from typing import Any

from county import County, child
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from hongzhu import clock
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.assessments.service import keep_concerns
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database

DAYS = [date(2020, 9, 1) + timedelta(days=each) for each in range(4)]


def assess(county: County, mark: float, day: str = "2020-11-23", subject: str = "数学") -> Any:
    sent = {"child_id": "child-own", "tested_on": day, "subject": subject, "mark": mark}
    answer = county.ask("school", "POST", "/assessments", sent)
    assert answer.status_code == 201
    return answer.json()["id"]


def heard(county: County) -> list[bool | None]:
    return [
        json.loads(payload)["children"][0]["academic_concern"]
        for topic, payload in county.said()
        if topic == "child.changed.v1"
    ]


def concerned(county: County, wanted: str) -> set[str]:
    return {each["id"] for each in county.get("bureau", f"/children?academic_concern={wanted}")["items"]}


def test_a_mark_under_sixty_in_the_latest_assessment_is_a_concern_and_is_said_once(county: County) -> None:
    assert county.get("school", "/children/child-own")["academic_concern"] is None
    assess(county, 59)
    assert (heard(county), concerned(county, "true")) == ([True], {"child-own"})
    assess(county, 40, subject="英语")  # still one: nothing to say
    assess(county, 30, "2020-09-01")
    assert heard(county) == [True]
    clock.stand_on(date(2020, 11, 24))
    assess(county, 60, "2020-11-24")
    assert (heard(county), concerned(county, "false")) == ([True, False], {"child-own"})


def test_a_corrected_mark_changes_the_concern(county: County) -> None:
    assessment = assess(county, 59)
    path = f"/assessments/{assessment}"
    assert county.ask("school", "PATCH", path, {"mark": 95}, If_Match="*").status_code == 200
    assert heard(county) == [True, False]
    assert county.get("school", "/children/child-own")["academic_concern"] is False


marks = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(50, 70)), max_size=12)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(marks)
def test_many_children_at_once_come_out_as_one_by_one(county: County, marks: list[tuple[str, int, int]]) -> None:
    latest: dict[str, int] = {}
    for who, day, _mark in marks:
        latest[who] = max(day, latest.get(who, 0))
    expected: dict[str, bool | None] = dict.fromkeys("abc")
    expected |= {who: any(m < 60 for w, d, m in marks if (w, d) == (who, day)) for who, day in latest.items()}
    with database.transaction() as session:
        for number, each in enumerate("abc"):
            if session.get(Child, each) is None:
                session.add(child(each, "school-own", f"{number:018}"))
        session.execute(delete(Assessment).where(Assessment.child_id.in_(list("abc"))))
        session.flush()
        session.add_all(
            Assessment(
                id=f"{who}-{number}",
                child_id=who,
                school_id="school-own",
                tested_on=DAYS[day],
                subject="数学",
                mark=mark,
            )
            for number, (who, day, mark) in enumerate(marks)
        )
        keep_concerns(session, "abc")
    with database.transaction() as session:
        rows = session.execute(select(Child.id, Child.academic_concern).where(Child.id.in_(list("abc"))))
        assert {row.id: row.academic_concern for row in rows} == expected, marks
        assert keep_concerns(session, "abc") == []
