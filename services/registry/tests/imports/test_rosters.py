"""A roster handed in again: what changed, who came, who is missing, and whom it names to help."""

import json
from datetime import date
from typing import Any

import pytest
from county import County, supporter
from rosters import hand_in, id_number, line
from sqlalchemy import select

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child, ChildChange, Relative
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.imports.commands import summary
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter

pytestmark = pytest.mark.usefixtures("county")


def rows(statement: Any) -> list[Any]:
    with database.transaction() as session:
        return list(session.execute(statement).all())


def child_of(order: int) -> Any:
    [child] = rows(select(Child.__table__).where(Child.id_number_index == key_ring().index(id_number(order), "child")))
    return child


def helped_by(order: int) -> dict[str, list[str]]:
    """The names of those who help a child now, by kind; and of those who did, under ``was``."""
    found: dict[str, list[str]] = {}
    statement = (
        select(Pairing.kind, Pairing.ended_on, Supporter.name)
        .join(Supporter, Supporter.id == Pairing.supporter_id)
        .where(Pairing.child_id == child_of(order).id)
        .order_by(Pairing.kind, Supporter.name)
    )
    for kind, ended_on, name in rows(statement):
        found.setdefault(kind if ended_on is None else f"was {kind}", []).append(name)
    return found


def test_a_changed_roster_says_who_came_who_is_missing_and_what_changed() -> None:
    first = hand_in(a=[line(1), line(3), line(5)])
    assert first.rosters == {}, "there was none before"
    second = hand_in(a=[line(1, 年级="4", 户籍地址="永安市燕西街道新家9号"), line(3), line(7)])
    moved, stays, missing, new = (child_of(order).id for order in (1, 3, 5, 7))
    [(school, changes)] = second.rosters.items()
    assert (school, changes.came, changes.changed) == ("school-own", [new], {moved: ["address", "grade"]})
    # Those of the school who were never on a roster are not on this one either.
    assert changes.left == sorted(["child-mate", "child-own", missing])
    assert stays not in changes.left
    assert child_of(5).left_on is None, "nobody is made to leave by an import"
    assert (second.accepted["children"], second.changed["children"], second.unchanged["children"]) == (1, 1, 1)
    told = json.dumps(second.as_json(), ensure_ascii=False) + summary(second)
    assert missing in told
    for value in (id_number(1), id_number(5), "张文", "新家", "蜡烛巷"):
        assert value not in told
    assert hand_in(a=[line(1, 年级="4", 户籍地址="永安市燕西街道新家9号"), line(3), line(7)]).changed["children"] == 0


def test_two_sheets_of_one_school_in_one_hand_in_are_one_roster() -> None:
    hand_in(a=[line(1)], b=[line(3)])
    assert [each.left for each in hand_in(a=[line(1, 年级="4")], b=[line(3)]).rosters.values()] == [
        ["child-mate", "child-own"]
    ]


def test_each_change_is_a_version_that_says_from_what_to_what_and_nothing_of_what_is_sealed() -> None:
    hand_in(a=[line(1), line(3)])
    hand_in(b=[line(1, 班级="2班", 父亲务工地点="在家", 父亲联系电话="13950000099", 户籍地址="永安市新路2号"), line(3)])
    [version] = rows(select(ChildChange.__table__))
    assert (version.child_id, version.version, version.source) == (child_of(1).id, 2, "import:b.xlsx")
    assert version.fields == {
        "class_name": ["1班", "2班"],
        "address": None,
        "father.place": ["福州市", "在家"],
        "father.away": [True, False],
        "father.phone": None,
    }
    assert child_of(1).version == 2
    assert child_of(3).version == 1
    [father] = rows(select(Relative.__table__).where(Relative.child_id == child_of(1).id, Relative.role == "father"))
    assert key_ring().open(father.phone, "relative", "phone.father", child_of(1).id) == "13950000099"
    assert father.away is False


def test_what_a_roster_has_no_column_for_stands() -> None:
    hand_in(a=[line(1)])
    before = child_of(1)
    fewer = dict.fromkeys(
        ("户籍地址", "班级", "父亲务工地点", "监护人姓名", "监护人联系电话", "代理家长", "帮扶教师(1+N)")
    )
    result = hand_in(a=[line(1, 年级="4", **fewer)])
    assert result.rosters["school-own"].changed == {before.id: ["grade"]}
    after = child_of(1)
    assert (after.grade, after.class_name) == (4, "1班")
    assert key_ring().open(after.address, "child", "address", after.id) == "永安市燕东街道蜡烛巷1号"
    family = {each.role: each for each in rows(select(Relative.__table__).where(Relative.child_id == after.id))}
    assert (family["father"].place, family["guardian"].name) == ("福州市", "老张")
    assert set(helped_by(1)) == {"proxy_parent", "mentor", "peer"}


def test_what_was_entered_of_the_family_by_hand_stands_where_a_roster_has_no_column(county: County) -> None:
    lines = line(1, 父亲务工地点=None)
    hand_in(a=[lines])
    child_id = child_of(1).id
    by_hand = {
        "father": {"away": True, "away_since": "2020-01", "relation": "继父", "able": False},
        "mother": {"away": True, "place": "上海", "phone": "13950000099"},
        "guardian": {"relation": "祖父"},
    }
    assert county.ask("bureau", "PATCH", f"/children/{child_id}", {"family": by_hand}, If_Match="*").status_code == 200
    before = county.get("bureau", f"/children/{child_id}")["family"]
    hand_in(a=[lines | {"年级": "4", "父亲联系电话": "13950000077"}])
    after = county.get("bureau", f"/children/{child_id}")["family"]
    assert after == before | {"father": before["father"] | {"phone": "13950000077"}}
    [version] = rows(select(ChildChange.fields).where(ChildChange.source == "import:a.xlsx"))
    assert version.fields == {"grade": [3, 4], "father.phone": None}


def test_whether_a_parent_is_away_is_unknown_until_a_roster_has_a_column_for_where(county: County) -> None:
    hand_in(a=[line(1, 父亲务工地点=None)])
    assert county.get("bureau", f"/children/{child_of(1).id}")["family"]["father"]["away"] is None
    hand_in(a=[line(1)])
    assert county.get("bureau", f"/children/{child_of(1).id}")["family"]["father"]["away"] is True
    [version] = rows(select(ChildChange.fields))
    assert version.fields == {"father.place": [None, "福州市"], "father.away": [None, True]}


def test_only_an_empty_cell_in_the_column_of_the_name_takes_a_relative_out_and_the_version_tells_of_it() -> None:
    hand_in(a=[line(1)])
    hand_in(a=[line(1, 年级="4", 父亲姓名=None, 父亲务工地点=None, 父亲联系电话=None)])
    assert rows(select(Relative.role).where(Relative.child_id == child_of(1).id, Relative.role == "father"))
    hand_in(a=[line(1, 年级="4", 父亲姓名="", 父亲务工地点="厦门市")])
    assert not rows(select(Relative.role).where(Relative.child_id == child_of(1).id, Relative.role == "father"))
    *_, version = rows(select(ChildChange.fields).order_by(ChildChange.version))
    assert version.fields == {
        "father.name": ["张军", None],
        "father.place": ["福州市", None],
        "father.away": [True, None],
        "father.phone": None,
    }


def test_two_files_that_differ_about_a_child_change_nothing_when_they_say_the_same_again() -> None:
    files = {"花名册": [line(1), line(3)], "贫困名单": [line(1, 班级="2班", 户籍地址=None)]}
    assert hand_in(**files).changed["children"] == 1
    known = child_of(1)
    again = hand_in(**files)
    assert (again.stored, again.unchanged["children"], child_of(1)) == (0, 3, known)
    corrected = hand_in(**files | {"花名册": [line(1, 班级="4班"), line(3)]})
    assert (corrected.changed["children"], child_of(1).class_name) == (1, "4班")


def test_a_parent_of_whom_a_roster_tells_all_but_the_name_is_known_without_it() -> None:
    hand_in(a=[line(1, 父亲姓名=None, 监护人姓名=None, 母亲务工地点="在家")])
    found = rows(select(Relative.__table__).where(Relative.child_id == child_of(1).id).order_by(Relative.role))
    assert [(each.role, each.name, each.place, each.away) for each in found] == [
        ("father", None, "福州市", True),
        ("guardian", None, None, None),
        ("mother", None, "在家", False),
    ]
    assert all(each.phone for each in found[:2])
    again = hand_in(a=[line(1, 父亲姓名=None, 监护人姓名=None, 母亲务工地点="在家")])
    assert (again.stored, again.warnings) == (0, [])


def test_what_a_roster_says_of_a_parent_whose_name_is_blank_is_not_left_out_without_a_word() -> None:
    result = hand_in(a=[line(1, 父亲姓名=""), line(3, 父亲姓名="", 父亲务工地点="", 父亲联系电话="")])
    assert [(each.reason.code, each.row, each.column) for each in result.warnings] == [
        ("relative_unnamed", 2, "G 父亲姓名")
    ]


def test_a_relative_no_longer_named_is_gone_and_what_the_school_found_out_of_another_stays() -> None:
    hand_in(a=[line(1)])
    with database.transaction() as session:
        session.get_one(Relative, (child_of(1).id, "father")).able = False
    hand_in(a=[line(1, 监护人姓名="", 监护人联系电话="", 父亲务工地点="厦门市")])
    [father] = rows(select(Relative.__table__).where(Relative.child_id == child_of(1).id))
    assert (father.role, father.place, father.able) == ("father", "厦门市", False)


def test_whoever_a_roster_names_is_paired_and_is_evidence() -> None:
    hand_in(a=[line(1), line(3)])
    assert helped_by(1) == {"proxy_parent": ["李代"], "mentor": ["王老"], "peer": ["赵同"]}
    child_id = child_of(1).id
    assert sorted(rows(select(Evidence.kind).where(Evidence.subject_id == child_id))) == [
        ("mentor",),
        ("peer",),
        ("proxy_parent",),
    ]
    assert len(rows(select(Supporter.id).where(Supporter.name == "李代"))) == 1, "both children have the same one"


def test_a_mentor_is_the_schools_teacher_of_that_name_when_there_is_one() -> None:
    with database.transaction() as session:
        session.add(supporter("teacher-wang", "school-own", name="王老"))
    hand_in(a=[line(1)])
    paired = select(Pairing.supporter_id).where(Pairing.kind == "mentor", Pairing.child_id == child_of(1).id)
    assert rows(paired) == [("teacher-wang",)]


@pytest.mark.parametrize(("named", "then"), [("陈新", {"proxy_parent": ["陈新"]}), ("", {})])
def test_a_roster_that_names_another_proxy_parent_or_none_ends_the_old_pairing(named: str, then: Any) -> None:
    hand_in(a=[line(1)])
    result = hand_in(a=[line(1, 代理家长=named)])
    others = {"mentor": ["王老"], "peer": ["赵同"], "was proxy_parent": ["李代"]}
    assert helped_by(1) == then | others
    assert result.rosters["school-own"].changed == {child_of(1).id: ["proxy_parent"]}
    assert {each.ended_on for each in rows(select(Pairing.ended_on).where(Pairing.ended_on.is_not(None)))} == {MONDAY}


def test_nobody_is_paired_with_a_child_that_left_before_it_is_back(county: County) -> None:
    hand_in(a=[line(1)])
    child_id = child_of(1).id
    assert county.ask("bureau", "POST", f"/children/{child_id}/leave", {"reason": "graduated"}).status_code == 201
    gone = {"was proxy_parent": ["李代"], "was mentor": ["王老"], "was peer": ["赵同"]}
    hand_in(a=[line(1, 年级="4", 代理家长="陈新")])
    assert helped_by(1) == gone
    assert child_of(1).left_on == MONDAY
    assert county.ask("bureau", "POST", f"/children/{child_id}/return", {}).status_code == 201
    hand_in(a=[line(1, 年级="4", 代理家长="陈新")])
    assert helped_by(1) == gone | {"proxy_parent": ["陈新"], "mentor": ["王老"], "peer": ["赵同"]}


def test_a_child_known_without_a_roster_is_taken_over_by_the_first_one(county: County) -> None:
    number = "350481201001010018"
    result = hand_in(a=[line(1, 身份证号=number, 姓名="孩子-own")])
    assert (result.accepted["children"], result.changed["children"]) == (0, 1)
    [child] = rows(select(Child.__table__).where(Child.id == "child-own"))
    assert (child.version, child.in_poverty, child.boarding) == (2, True, True), "it has no column for these"


def test_many_changed_rows_go_through_the_temporary_table_as_few_do() -> None:
    orders = range(1, 600, 2)
    hand_in(a=[line(order) for order in orders])
    result = hand_in(a=[line(order, 年级="4", 监护人姓名="老李") for order in orders])
    assert result.changed["children"] == len(orders)
    versions = rows(select(ChildChange.fields))
    assert len(versions) == len(orders)
    assert all(each.fields == {"grade": [3, 4], "guardian.name": ["老张", "老李"]} for each in versions)
    assert {tuple(each) for each in rows(select(Child.version, Child.grade).where(Child.name.startswith("张文")))} == {
        (2, 4)
    }


def test_a_row_of_a_school_that_is_not_there_names_the_column_that_says_so(county: County) -> None:
    result = hand_in(a=[line(1), line(2, school="school-nowhere")])
    [finding] = result.rejected
    assert (finding.row, finding.column, finding.reason.code) == (3, "A 学校名称", "school_unknown")
    assert result.accepted["children"] == 1


def test_a_row_whose_code_is_one_schools_and_whose_name_is_anothers_is_nobodys() -> None:
    with database.transaction() as session:
        session.add(School(id="2152000001", name="红岭小学", stage="primary", town="燕东", entered_on=date(2020, 9, 1)))
    coded = [line(order) | {"学校标识码": "2152000001"} for order in (1, 3, 5)]
    result = hand_in(a=[coded[0], coded[1] | {"学校名称": "红岭小学"}, coded[2] | {"学校名称": "红岭村校"}])
    assert [(each.row, each.reason.code) for each in result.rejected] == [(2, "school_differs")]
    assert result.accepted["children"] == 2
