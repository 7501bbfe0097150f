"""Somebody is told of every subject, once: the class teacher, else the coordinator."""

from typing import Any

from county import EMAIL, County, child, supporter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from hongzhu.messages import NoticeLine, NoticeSettled
from hongzhu.testing.databases import Configure
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.notices.consumers import on_notice_settled
from hongzhu_registry.supporters.models import Supporter


def ask(county: County, *subjects: str, school_id: str = "school-own", assignee: str = "class_teacher") -> Any:
    question = {"school_id": school_id, "assignee": assignee, "subjects": list(subjects)}
    answer = county.ask("notifier", "POST", "/recipients", question)
    assert answer.status_code == 200
    return {each["recipient_id"]: each for each in answer.json()["items"]}


def told(county: County, *subjects: str, **question: str) -> dict[str, list[str]]:
    return {who: sorted(each["subjects"]) for who, each in ask(county, *subjects, **question).items()}


def test_the_class_teacher_is_told_of_the_children_of_the_class(county: County) -> None:
    with database.transaction() as session:
        session.add(child("elsewhere", "school-own", "0" * 18, class_name="2班"))
    assert told(county, "child-own", "child-mate", "elsewhere") == {
        "teacher-own": ["child-mate", "child-own"],
        "coordinator-own": ["elsewhere"],
    }


def test_the_coordinator_is_told_of_the_school(county: County) -> None:
    assert told(county, "school-own", assignee="school_coordinator") == {"coordinator-own": ["school-own"]}


def test_whoever_is_told_is_reached_where_they_are_now_and_by_a_link_of_their_own(county: County) -> None:
    found = ask(county, "child-own", "nobody")
    assert {each["email"] for each in found.values()} == {EMAIL}
    assert len({each["link"] for each in found.values()}) == 2


def test_a_school_without_anybody_has_nobody_to_be_told(county: County) -> None:
    assert told(county, "school-other", school_id="school-other", assignee="school_coordinator") == {}


def test_the_bureau_is_one_recipient_whatever_the_school(county: County, configure: Configure) -> None:
    for office in (None, "office@example.org"):
        if office:
            configure(bureau_email=office)
        for place in ("bureau", "school-own"):
            found = ask(county, "child-own", "child-other", "city", school_id=place, assignee="bureau")
            assert found.keys() == {"bureau"}
            assert found["bureau"]["subjects"] == ["child-own", "child-other", "city"]
            assert found["bureau"]["email"] == office
            assert "/w/" not in found["bureau"]["link"]


def test_one_schools_teachers_are_not_told_of_anothers_children(county: County) -> None:
    assert told(county, "child-other") == {"coordinator-own": ["child-other"]}


classes = st.sampled_from([None, "1班", "2班"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(classes, max_size=8), st.lists(classes, max_size=4), st.booleans())
def test_every_subject_is_told_to_exactly_one(
    sqlite_county: County, children: list[str | None], teachers: list[str | None], repeated: bool
) -> None:
    ids = [f"c{number}" for number in range(len(children))]
    with database.transaction() as session:
        session.execute(update(Supporter).where(Supporter.id == "teacher-own").values(duty=None))
        session.add_all(
            child(each, "school-own", f"{n:018}", class_name=name)
            for n, (each, name) in enumerate(zip(ids, children, strict=True))
        )
        session.add_all(
            supporter(f"t{n}", "school-own", duty="class_teacher", grade=3, class_name=name)
            for n, name in enumerate(teachers)
        )
    try:
        found = told(sqlite_county, *(ids * 2 if repeated else ids))
        assert sorted(subject for subjects in found.values() for subject in subjects) == ids
        for subject, name in zip(ids, children, strict=True):
            [recipient] = [who for who, subjects in found.items() if subject in subjects]
            of_class = [f"t{n}" for n, each in enumerate(teachers) if each == name and name is not None]
            assert recipient == (of_class[0] if of_class else "coordinator-own")
    finally:
        with database.transaction() as session:
            for each in ids:
                session.delete(session.get_one(Child, each))
            for n in range(len(teachers)):
                session.delete(session.get_one(Supporter, f"t{n}"))


def test_a_settled_notice_is_found_by_its_school(county: County) -> None:
    line = NoticeLine(programme="carers.talk", period="week:2020-11-23", count=3, due_on=MONDAY)
    settled = NoticeSettled(
        id="n2",
        recipient_id="teacher-other",
        channel="smtp",
        day=MONDAY,
        outcome="maybe_sent",
        urgent=True,
        lines=(line,),
    )
    with database.transaction() as session:
        on_notice_settled(session, settled)
    [notice] = county.get("other_school", "/notices")["items"]
    assert (notice["outcome"], notice["urgent"]) == ("maybe_sent", True)
    assert notice["lines"] == [line.model_dump(mode="json")]
    assert [each["id"] for each in county.get("school", "/notices")["items"]] == ["notice-own"]
