"""The page of rosters in conflict: side by side, one button, and what was settled."""

import re

from county import County, token_of
from rosters import hand_in, id_number, line
from sqlalchemy import select

from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.signed_in import SESSION


def in_conflict(county: County) -> str:
    """Put a child on two schools' rosters; return its id."""
    county.http.cookies.set(SESSION, token_of("bureau"))
    county.http.headers["accept-language"] = "en"
    with database.transaction() as session:
        session.get_one(School, "school-other").town = "燕西"
    hand_in(a=[line(1)], b=[line(1, "school-other")])
    with database.transaction() as session:
        return session.scalars(
            select(Child.id).where(Child.id_number_index == key_ring().index(id_number(1), "child"))
        ).one()


def test_both_rosters_stand_side_by_side_and_one_button_settles_it(county: County) -> None:
    child_id = in_conflict(county)
    page = county.http.get("/conflicts").text
    assert re.findall(r"<td>([ab]\.xlsx)</td>", page) == ["a.xlsx", "b.xlsx"]
    assert re.search(r'<tr class="differs"><th scope="row">Town</th><td>燕东</td><td>燕西</td>', page)
    assert re.search(r"lies in that town</th><td>yes</td><td>no</td>", page)
    proposed = re.search(r'value="([a-z-]+)">\s*<button class="btn btn-primary"', page)
    assert proposed
    assert proposed[1] == "school-own"

    answer = county.http.post(f"/conflicts/{child_id}/settle", data={"school_id": "school-other"})
    assert answer.status_code == 200
    assert "Settled for 张文乙" in answer.text
    assert county.get("bureau", "/conflicts")["items"] == []
    assert county.get("bureau", f"/children/{child_id}")["school_id"] == "school-other"
    lately = answer.text.partition("Settled lately")[2]
    assert child_id in lately
    assert ("a.xlsx" in lately, "b.xlsx" in lately) == (True, False), "the roster that no longer counts"


def test_a_school_that_has_not_the_child_on_its_roster_is_refused_and_what_is_settled_stays(
    sqlite_county: County,
) -> None:
    child_id = in_conflict(sqlite_county)
    answer = sqlite_county.http.post(f"/conflicts/{child_id}/settle", data={"school_id": "elsewhere"})
    assert answer.status_code == 422
    assert "does not stand on the roster" in answer.text
    assert len(sqlite_county.get("bureau", "/conflicts")["items"]) == 1
    for _ in range(2):  # the second one comes too late, and is not told of an error
        answer = sqlite_county.http.post(f"/conflicts/{child_id}/settle", data={"school_id": "school-own"})
        assert answer.status_code == 200
