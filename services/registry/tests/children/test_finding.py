"""Finding a child and opening its dossier, on the pages and by the API."""

import re
from typing import Any

import pytest
from county import IDENTITY_NUMBERS, TALK, TALKED, County, child, token_of
from sqlalchemy import select, update

from hongzhu.messages import TaskClosed
from hongzhu.period import monday, week
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.children.initials import initials
from hongzhu_registry.children.models import Child, ChildChange
from hongzhu_registry.database import database, narrow
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_closed

FORMS = {"Origin": "http://testserver"}


@pytest.mark.parametrize(
    ("name", "found_by"),
    [("王小明", "wxm"), ("曾曦", "zx"), ("欧阳一", "oyy"), ("尼格买提·热", "ngmtr"), ("吕布", "lb"), ("", None)],
)
def test_a_name_has_the_initials_that_people_type(name: str, found_by: str | None) -> None:
    assert initials(name) == found_by


def found(county: County, said: str, who: str = "bureau") -> list[str]:
    return [each["id"] for each in county.get(who, f"/children?q={said}")["items"]]


def test_a_child_is_found_by_its_initials_however_its_name_came_about(county: County) -> None:
    with database.transaction() as session:
        session.add(child("child-new", "school-own", "350481201003030012", name="单小满"))
    assert found(county, "sx") == found(county, "SXM") == found(county, "单小") == ["child-new"]
    assert found(county, "sxmm") == found(county, "xm") == []
    version = county.ask("school", "GET", "/children/child-new").headers["etag"]
    assert county.ask("school", "PATCH", "/children/child-new", {"name": "林满"}, If_Match=version).status_code == 200
    assert (found(county, "sx"), found(county, "lm")) == ([], ["child-new"])
    assert found(county, "lm", "other_school") == []


def test_a_child_is_found_by_its_identity_number_alone(county: County) -> None:
    assert found(county, IDENTITY_NUMBERS["child-mate"]) == ["child-mate"]
    assert found(county, IDENTITY_NUMBERS["child-other"], "school") == []
    county.http.cookies.set(SESSION, token_of("bureau"))
    led = county.http.get("/children", params={"q": IDENTITY_NUMBERS["child-mate"]}, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/children/child-mate")


def test_a_dossier_that_is_anonymous_has_no_initials(county: County) -> None:
    with database.transaction() as session:
        session.execute(
            update(Child)
            .where(Child.id == "child-own")
            .values(left_on=Child.entered_on, retention_ends=Child.entered_on)
        )
        from hongzhu_registry.retention.service import anonymise_some

        assert anonymise_some(session) == 1
    with database.transaction() as session:
        assert session.get_one(Child, "child-own").initials is None


def typed(county: County, path: str) -> dict[str, str]:
    """Return what a form holds when nobody has typed anything."""
    page = county.http.get(path).text
    inputs = re.findall(r'<input[^>]*? name="([\w.]+)" value="([^"]*)"', page.partition("<main")[2])
    chosen = re.findall(r'<select[^>]* name="([\w.]+)">(.*?)</select>', page, re.DOTALL)
    options = {name: re.search(r'value="([^"]*)" selected', choices) for name, choices in chosen}
    return dict(inputs) | {name: match[1] if match else "" for name, match in options.items()}


def sent(county: County, path: str, form: dict[str, str]) -> Any:
    return county.http.post(path, data=form, headers=FORMS, follow_redirects=False)


def test_a_correction_keeps_what_was_typed_anew_and_nothing_else(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    path = "/children/child-own/correct"
    form = typed(county, path)
    assert sent(county, path, form).status_code == 303
    assert sent(county, path, form | {"grade": "4", "father.name": "张大山", "father.away": "yes"}).status_code == 303
    with database.transaction() as session:
        [change] = session.query(ChildChange).filter_by(child_id="child-own", source="patch")
        assert change.fields == {
            "grade": [3, 4],
            "father.name": [None, "张大山"],
            "father.away": [None, True],
        }
    stale = sent(county, path, form | {"grade": "5"})
    assert stale.status_code == 412
    assert 'value="5"' in stale.text
    page = county.http.get("/children/child-own").text
    assert "张大山" in page
    assert "350481201001010018" in page


def test_a_word_that_is_also_an_answer_is_a_word_where_words_are_asked_for(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    path = "/children/child-own/correct"
    said = {"note": "no", "health": "yes", "boarding": "no"}
    assert sent(county, path, typed(county, path) | said).status_code == 303
    kept = county.get("school", "/children/child-own")
    assert {name: kept[name] for name in said} == {"note": "no", "health": "yes", "boarding": False}


def test_what_is_wrong_stands_beside_its_field_with_what_was_typed_and_nothing_is_kept(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    answer = sent(county, "/children/child-own/leave", {"reason": "moved_away", "on": "2030-01-01", "note": "搬走"})
    assert answer.status_code == 422
    assert re.search(r'id="f-on" name="on" value="2030-01-01"[^>]*aria-invalid', answer.text)
    assert 'value="搬走"' in answer.text
    assert county.get("school", "/children/child-own")["left_on"] is None
    refused = sent(county, "/children/child-own/transfer", {"school_id": "school-own"})
    assert refused.status_code == 409


def test_a_child_goes_and_comes_back_by_its_page(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    assert sent(county, "/children/child-own/leave", {"reason": "moved_away"}).status_code == 303
    assert "/children/child-own/return" in county.http.get("/children/child-own").text
    assert sent(county, "/children/child-own/return", {}).status_code == 303
    paused = sent(county, "/children/child-own/pause", {"first": "2020-11-23", "reason": "住院"})
    assert paused.status_code == 303
    assert (
        sent(county, "/children/child-own/transfer", {"school_id": "school-other"}).headers["location"] == "/children"
    )
    assert county.http.get("/children/child-own").status_code == 404


def test_an_agency_reads_on_the_page_what_it_reads_by_the_api(sqlite_county: County) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("carers"))
    page = sqlite_county.http.get("/children/child-own")
    assert page.status_code == 200
    assert "三年级1班" in page.text
    assert not re.search("孩子|350481|13950000001|蜡烛巷|correct|guardian-link", page.text)


def test_an_agency_sees_no_child_of_whom_it_is_only_known_that_nothing_was_owed(county: County) -> None:
    over = TaskClosed(
        programme=TALK,
        period=week(MONDAY),
        period_start=monday(MONDAY),
        school_id="school-own",
        subjects=("child-own",),
        state="cancelled",
    )
    with database.transaction() as session:
        on_task_closed(session, over)
    assert [each["id"] for each in county.get("carers", "/children")["items"]] == ["child-mate"]
    for part in ("", "/timeline"):
        assert county.ask("carers", "GET", f"/children/child-own{part}").status_code == 404
    assert county.ask("carers", "POST", "/records", TALKED).status_code == 404
    with database.unseeing() as session:
        narrow(session, Principal("account-carers", "agency", agency="carers").session)
        behind_the_wall = session.scalars(select(Child.id).order_by(Child.id)).all()
    if session.get_bind().dialect.name == "postgresql":
        assert behind_the_wall == ["child-mate"]
