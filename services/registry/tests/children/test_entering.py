"""Opening dossiers, and correcting them: every change is a version that says who changed what."""

from typing import Any

import pytest
from county import ADDRESS, County
from sqlalchemy import select

from hongzhu_registry.children.models import Child, ChildChange, Relative
from hongzhu_registry.database import database
from hongzhu_registry.supporters.models import Supporter

GIRL = "350481201005050025"
SENT = {
    "name": "林 小满",
    "id_number": "３50481 2010 0505 0025",
    "grade": 4,
    "address": "永安市洪田镇水碓村9号",
    "family": {
        "father": {
            "name": "林大山",
            "place": "广东",
            "away": True,
            "away_since": "2019年3月",
            "phone": "139 5000 0007",
        },
        "guardian": {"name": "林阿婆", "relation": "奶奶", "able": True},
    },
}


def changes_of(child_id: str) -> list[ChildChange]:
    with database.transaction() as session:
        found = select(ChildChange).where(ChildChange.child_id == child_id).order_by(ChildChange.version)
        return list(session.scalars(found))


def enter(county: County, who: str = "school", **changes: Any) -> Any:
    return county.ask(who, "POST", "/children", SENT | changes)


def change(county: County, child_id: str, sent: dict[str, Any], who: str = "school") -> Any:
    version = county.ask(who, "GET", f"/children/{child_id}").headers["etag"]
    return county.ask(who, "PATCH", f"/children/{child_id}", sent, If_Match=version)


def test_a_dossier_is_opened_with_birth_date_and_sex_taken_from_the_number_and_nothing_sealed_in_clear(
    county: County,
) -> None:
    answer = enter(county)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["born_on"], made["sex"], made["school_id"]) == (
        "林小满",
        "2010-05-05",
        "female",
        "school-own",
    )
    assert county.get("school", f"/children?id_number={GIRL}")["items"][0]["id"] == made["id"]
    shown = county.get("school", f"/children/{made['id']}")
    assert (shown["id_number"], shown["address"]) == (GIRL, SENT["address"])
    assert shown["left_behind"] == {"school_record": "one", "state_council": None}
    family = shown["family"]
    assert (family["father"]["phone"], family["father"]["away_since"]) == ("13950000007", "2019-03")
    with database.transaction() as session:
        row, relative = session.get_one(Child, made["id"]), session.get_one(Relative, (made["id"], "father"))
        for cell, clear in ((row.id_number, GIRL), (row.address, SENT["address"]), (relative.phone, "13950000007")):
            assert cell is not None
            assert str(clear).encode() not in cell
    assert "child.changed.v1" in [each[0] for each in county.said()]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id_number": "350481201005050024"}, "id_number"),
        ({"id_number": "3504812010050500"}, "id_number"),
        ({"id_number": ""}, "id_number"),
        ({"id_number": "350481209905050020"}, "id_number"),
        ({"born_on": "2010-05-06"}, "born_on"),
        ({"sex": "male"}, "sex"),
        ({"name": "林3"}, "name"),
        ({"entered_on": "2020-11-24"}, "entered_on"),
        ({"family": {"father": {"phone": "无效"}}}, "family.father.phone"),
        ({"family": {"uncle": {}}}, "family.uncle"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_field_and_never_repeated(
    sqlite_county: County, changes: dict[str, Any], field: str
) -> None:
    answer = enter(sqlite_county, **changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    for said in ("林3", "350481", "无效"):
        assert said not in answer.json()["detail"]


@pytest.mark.parametrize(("day", "told"), [("2010-05-04", "出生日期"), ("2020-11-24", "还没到")])
def test_a_day_of_entry_that_cannot_be_is_told_by_what_is_wrong_with_it(
    sqlite_county: County, day: str, told: str
) -> None:
    answer = enter(sqlite_county, entered_on=day)
    assert (answer.status_code, answer.json()["field"]) == (422, "entered_on")
    assert told in answer.json()["detail"]


def test_a_number_that_is_held_answers_409_and_says_where_only_to_those_who_see_it(county: County) -> None:
    for who, told in (("school", True), ("other_school", False), ("bureau", True)):
        at = "school-other" if who == "other_school" else "school-own"
        # The county's own numbers are made up without a check digit, so one that is right is entered first.
        enter(county)
        answer = enter(county, who, school_id=at)
        assert (answer.status_code, answer.json()["field"]) == (409, "id_number")
        held = county.get("bureau", f"/children?id_number={GIRL}")["items"][0]["id"]
        assert (held in answer.text) is told
        assert "school-own" not in answer.text


def test_nobody_opens_a_dossier_at_a_school_that_is_not_his(sqlite_county: County) -> None:
    assert enter(sqlite_county, "school", school_id="school-other").status_code == 404
    assert enter(sqlite_county, "carers").status_code == 404
    assert enter(sqlite_county, "bureau").json()["field"] == "school_id"


def test_every_change_is_a_version_that_says_who_changed_what_from_what_to_what(county: County) -> None:
    answer = change(county, "child-own", {"grade": 4, "boarding": True, "name": "新名字"})
    assert answer.status_code == 200, answer.text
    (kept,) = changes_of("child-own")
    before = f"孩子{'child-own'[-4:]}"
    assert kept.fields == {"grade": [3, 4], "name": [before, "新名字"]}  # boarding was so before
    assert (kept.version, kept.source) == (answer.json()["version"], "patch")
    assert kept.account_id is not None
    assert change(county, "child-own", {"grade": 4}).json()["version"] == kept.version  # nothing changed, nothing kept
    assert len(changes_of("child-own")) == 1


def test_what_is_sealed_is_named_in_a_version_and_never_told(county: County) -> None:
    sent = {"address": "永安市新家1号", "family": {"mother": {"name": "陈小妹", "phone": "13950000009"}}}
    assert change(county, "child-own", sent).status_code == 200
    (kept,) = changes_of("child-own")
    assert kept.fields == {"address": None, "mother.name": [None, "陈小妹"], "mother.phone": None}
    sent = {"address": "永安市新家1号", "family": {"mother": {"phone": "13950000009", "away": True}}}
    assert change(county, "child-own", sent).status_code == 200
    assert changes_of("child-own")[-1].fields == {"mother.away": [None, True]}
    shown = county.get("school", "/children/child-own")
    assert shown["address"] == "永安市新家1号"
    assert (shown["family"]["mother"]["name"], shown["family"]["mother"]["phone"]) == ("陈小妹", "13950000009")
    assert change(county, "child-own", {"family": {"mother": None}, "address": None}).status_code == 200
    shown = county.get("school", "/children/child-own")
    assert (shown["family"], shown["address"]) == ({}, None)


def test_a_change_to_an_older_version_changes_nothing(county: County) -> None:
    answer = county.ask("school", "PATCH", "/children/child-own", {"address": "别处1号"}, If_Match='"99"')
    assert answer.status_code == 412
    assert county.get("school", "/children/child-own")["address"] == ADDRESS
    assert changes_of("child-own") == []


def test_a_name_cannot_be_taken_away(sqlite_county: County) -> None:
    for name in (None, "", "  ", "12"):
        assert change(sqlite_county, "child-own", {"name": name}).status_code == 422


@pytest.mark.parametrize("said", ["（1）班 ", "1班", "三（1）班", "一班"])
def test_a_class_is_kept_as_a_roster_gives_it_so_that_its_teacher_still_sees_the_child(
    county: County, said: str
) -> None:
    with database.transaction() as session:
        teacher = session.get_one(Supporter, "teacher-too")
        teacher.duty, teacher.grade, teacher.class_name = "class_teacher", 3, "1班"
    for change in ({"class_name": "2班"}, {"class_name": said}):
        assert county.ask("school", "PATCH", "/children/child-own", change, If_Match="*").status_code == 200
    assert county.get("school", "/children/child-own")["class_name"] == "1班"
    assert "child-own" in {each["id"] for each in county.get("teacher", "/children")["items"]}
    blank = county.ask("school", "PATCH", "/children/child-own", {"class_name": "无"}, If_Match="*")
    assert (blank.status_code, blank.json()["field"]) == (422, "class_name")
