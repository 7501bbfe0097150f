"""Whom an agency's helpers were matched with, as a page: seen with the reason, confirmed, or not suiting and matched anew."""

from typing import Any

import pytest
from county import LOVE, County, due, token_of
from teachers_page import ENGLISH

from hongzhu_registry.database import database
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.tasks.consumers import on_task_due

PATH = "/agency/matches"
REASON = {"same_town": True, "places_free": 2}


@pytest.fixture
def carers(county: County) -> County:
    county.http.cookies.set(SESSION, token_of("carers"))
    with database.transaction() as session:
        on_task_due(session, due(LOVE, "child-own"))
    return county


def matched(county: County, **more: Any) -> Any:
    sent = {"kind": "love_parent", "supporter_id": "carer", "child_id": "child-own", **more}
    return county.ask("carers", "POST", "/pairings", sent)


def test_an_agency_sees_whom_its_helpers_were_matched_with_and_why(carers: County) -> None:
    assert matched(carers, reason=REASON).status_code == 201
    html = carers.http.get(PATH, headers=ENGLISH).text
    for said in ("大人arer", "school-own小学", "Same town", "To be confirmed"):
        assert said in html
    carers.http.cookies.set(SESSION, token_of("lawyers"))
    assert "大人arer" not in carers.http.get(PATH, headers=ENGLISH).text


def test_a_match_that_is_confirmed_is_so_from_that_day_and_another_agency_s_is_not_there(carers: County) -> None:
    made = matched(carers, reason=REASON).json()["id"]
    assert "Confirmed." in carers.http.post(f"{PATH}/{made}", data={"answer": "accept"}, headers=ENGLISH).text
    assert carers.get("carers", f"/pairings/{made}")["accepted_on"] == "2020-11-23"
    assert "大人arer" not in carers.http.get(f"{PATH}?state=proposed", headers=ENGLISH).text
    assert "大人arer" in carers.http.get(f"{PATH}?state=accepted", headers=ENGLISH).text
    carers.http.cookies.set(SESSION, token_of("lawyers"))
    assert carers.http.post(f"{PATH}/{made}", data={"answer": "accept"}).status_code == 404


def test_a_match_that_does_not_suit_never_was_and_is_not_made_again_but_by_hand(carers: County) -> None:
    made = matched(carers, reason=REASON).json()["id"]
    refused = carers.http.post(f"{PATH}/{made}", data={"answer": "decline"}, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    done = carers.http.post(f"{PATH}/{made}", data={"answer": "decline", "reason": "住得太远"}, headers=ENGLISH)
    assert "Somebody else is looked for." in done.text
    assert carers.http.post(f"{PATH}/{made}", data={"answer": "accept"}, headers=ENGLISH).status_code == 409
    again = matched(carers, reason=REASON)
    assert (again.status_code, again.json()["field"]) == (409, "reason")
    assert matched(carers).status_code == 201, "a person may know better"
