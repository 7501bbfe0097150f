"""An agency's helpers as a page: added, vetted and found again."""

import re

import pytest
from county import County, token_of
from sqlalchemy import select
from teachers_page import ENGLISH

from hongzhu_registry.database import database
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.supporters.models import Supporter

PATH = "/agency/helpers"


@pytest.fixture
def carers(county: County) -> County:
    county.http.cookies.set(SESSION, token_of("carers"))
    return county


def named(county: County, query: str = "") -> list[str]:
    """Whom the list names, in its order."""
    answer = county.http.get(f"{PATH}{query}", headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return re.findall(r'<th scope="row">([^<]+)</th>', answer.text)


def test_an_agency_adds_a_helper_and_vets_her(carers: County) -> None:
    new = {"name": "新来的大人", "kind": "love_parent", "town": "燕东", "capacity": "two"}
    refused = carers.http.post(PATH, data=new, headers=ENGLISH)
    assert refused.status_code == 422
    assert 'value="新来的大人"' in refused.text
    done = carers.http.post(PATH, data=new | {"capacity": "2"}, headers=ENGLISH)
    assert "Vet the helper before anybody is matched." in done.text
    with database.transaction() as session:
        helper = session.scalars(select(Supporter).where(Supporter.name == "新来的大人")).one()
        assert (helper.organisation, helper.capacity, helper.vetted) == ("carers", 2, False)
    assert named(carers).index("新来的大人") < named(carers).index("大人arer"), "who waits stands first"
    assert named(carers, "?status=applied&name=来的") == ["新来的大人"]
    carers.http.post(f"{PATH}/{helper.id}", data={"status": "vetted"})
    with database.transaction() as session:
        assert session.get_one(Supporter, helper.id).vetted
    assert "新来的大人" not in named(carers, "?status=applied")
    assert carers.http.post(f"{PATH}/lawyer", data={"status": "rejected"}).status_code == 404


def test_the_list_goes_on_page_by_page_and_shows_no_other_agency_s_helper(carers: County) -> None:
    everybody, seen, query = named(carers), [], "?limit=1"
    assert everybody
    assert "大人wyer" not in everybody
    while query:
        html = carers.http.get(f"{PATH}{query}", headers=ENGLISH).text
        seen += re.findall(r'<th scope="row">([^<]+)</th>', html)
        following = re.search(r'href="([^"]+)">Next page', html)
        query = following.group(1).replace("&amp;", "&") if following else ""
    assert seen == everybody
