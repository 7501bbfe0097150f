"""A teacher stays one person, whatever telephone a later list writes, and two of one name are never taken for each other."""

import pytest
from county import County, supporter
from rosters import sheets, table
from sqlalchemy import select

from hongzhu_registry.database import database
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import take_in
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter

pytestmark = pytest.mark.usefixtures("county")

HEAD = "学校名称|姓名|职务|联系电话|职工号"
A, B, C = "13950000011", "13950000012", "13950000013"


def li(phone: str = "", number: str = "", duty: str = "教师", school: str = "own") -> str:
    return f"school-{school}小学|李丽|{duty}|{phone}|{number}"


def lists(*of_lists: list[str]) -> Result:
    """Import some lists of staff at once."""
    return take_in([("教师.xlsx", sheets(*(table(HEAD, *lines) for lines in of_lists)))], lambda *_: None)


def known() -> dict[str, str]:
    """The telephone of everybody called so, by id."""
    with database.transaction() as session:
        found = session.execute(select(Supporter.id, Supporter.phone).where(Supporter.name == "李丽"))
        return {row_id: key_ring().open(phone, "supporter", "phone", row_id) or "" for row_id, phone in found}


def refused(result: Result) -> list[tuple[str, int | None]]:
    return [(each.reason.code, each.row) for each in result.rejected]


def test_a_teacher_with_a_new_telephone_is_the_same_person() -> None:
    lists([li(A, duty="班主任")])
    [who] = known()
    for phone in (B, C, A):
        assert lists([li(phone)]).changed["staff"] == 1
        assert lists([li(phone)]).unchanged["staff"] == 1
        assert known() == {who: phone}


def test_teachers_of_one_name_at_two_schools_are_two() -> None:
    lists([li(A)])
    assert lists([li(B, school="other")]).accepted["staff"] == 1
    assert sorted(known().values()) == [A, B]


def test_a_teacher_who_was_entered_by_hand_is_the_one_on_the_list() -> None:
    with database.transaction() as session:
        session.add(supporter("by-hand", "school-own", name="李丽", identity=None))
    assert lists([li(A)]).changed["staff"] == 1
    assert known() == {"by-hand": A}
    assert lists([li(A)]).unchanged["staff"] == 1


def test_a_line_without_a_telephone_leaves_the_one_that_is_known() -> None:
    lists([li(A)])
    assert lists([li("", duty="班主任")]).changed["staff"] == 1
    assert list(known().values()) == [A]


def test_a_list_with_telephones_and_one_without_are_of_the_same_teachers_in_either_order() -> None:
    for one, other in (([li("")], [li(A)]), ([li(A)], [li("")])):
        first = lists(one, other)
        assert (refused(first), list(known().values())) == ([], [A])
        again = lists(one, other)
        assert (again.rejected, again.stored, again.unchanged["staff"]) == ([], 0, 2)
    assert lists([li(""), li(A)]).rejected == []


def test_two_of_one_name_are_told_apart_by_telephone_and_a_third_is_new() -> None:
    assert lists([li(A), li(B)]).accepted["staff"] == 2
    before = known()
    third = lists([li(A), li(B), li(C)])
    assert (third.rejected, third.accepted["staff"], third.unchanged["staff"]) == ([], 1, 2)
    assert known().items() > before.items()


@pytest.mark.parametrize("lines", [[li(C)], [li("")], [li(A), li(C)], [li(A), li("")]])
def test_a_line_that_may_be_either_of_two_is_sent_back_and_asks_for_what_tells(lines: list[str]) -> None:
    lists([li(A), li(B)])
    before = known()
    result = lists(lines)
    assert refused(result) == [("teacher_ambiguous", 1 + len(lines))]
    assert "职工号" in result.rejected[0].reason.mend()
    assert known() == before


def test_two_new_telephones_for_one_who_is_known_are_guessed_at_by_nobody() -> None:
    lists([li(A)])
    assert refused(lists([li(B), li(C)])) == [("teacher_ambiguous", 2), ("teacher_ambiguous", 3)]
    assert list(known().values()) == [A]


def test_the_number_tells_who_it_is_whatever_the_telephone() -> None:
    lists([li(A, "T1"), li(B, "T2")])
    before = known()
    swapped = lists([li(B, "T1"), li(C, "T2")])
    assert (swapped.rejected, swapped.changed["staff"]) == ([], 2)
    after = known()
    assert {before[each]: after[each] for each in before} == {A: B, B: C}
    third = lists([li(A, "T3")])
    assert (third.rejected, third.accepted["staff"]) == ([], 1)


def test_who_was_known_without_a_number_has_it_from_the_first_list_that_tells_it() -> None:
    lists([li(A)])
    [who] = known()
    lists([li(A, "T1")])
    lists([li(B, "T1"), li(C, "T2")])
    assert known()[who] == B
    assert len(known()) == 2


def test_two_telephones_of_one_teacher_in_one_import_are_sent_back_and_change_nothing_again() -> None:
    for stored in (1, 0):
        result = lists([li(A)], [li(B)])
        assert (refused(result), result.stored) == ([("told_otherwise_elsewhere", 2)], stored)
        assert list(known().values()) == [A]
    numbered = [[li(A)], [li(A, "T1", "班主任")]]
    for _ in range(2):
        result = lists(*numbered)
        assert (refused(result), result.stored) == ([("told_otherwise_elsewhere", 2)], 0)


def test_what_was_corrected_since_stays_when_the_same_list_comes_again(county: County) -> None:
    lists([li(A)])
    [who] = known()
    assert county.ask("bureau", "PATCH", f"/supporters/{who}", {"phone": B}, If_Match="*").status_code == 200
    assert lists([li(A)]).unchanged["staff"] == 1
    assert known() == {who: B}
