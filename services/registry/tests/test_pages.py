"""Who may open which page of the desk: every page, asked by every role, and by nobody.

A page that is added without a line in `PAGES` fails here.
"""

import re

import pytest
from county import BUREAU as BUREAU_ITSELF
from county import PEOPLE, TALK, County, of_task, token_of
from fastapi import FastAPI

from hongzhu.agency import Agency
from hongzhu.i18n import Text
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.access.models import Account
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.app import DESKS
from hongzhu_registry.database import database
from hongzhu_registry.menu import menu_of, place_of
from hongzhu_registry.reports import service as reports
from hongzhu_registry.signed_in import SESSION

BUREAU = {"admin", "bureau"}
OFFICES = BUREAU | {"school", "other_school", "carers", "lawyers"}
EVERYBODY = OFFICES | {"auditor"}
TASK = of_task(TALK, "child-own")

PAGES: dict[tuple[str, str], set[str]] = {
    ("GET", "/home"): EVERYBODY,
    ("POST", "/sign-out"): set(PEOPLE) - {"guardian"},
    ("GET", "/tasks"): OFFICES,
    ("GET", f"/tasks/{TASK}"): BUREAU | {"school", "carers"},
    ("POST", f"/tasks/{TASK}/excuse"): BUREAU | {"school"},
    ("POST", f"/tasks/{TASK}/take-back"): BUREAU | {"school"},
    ("GET", "/overview"): BUREAU,
    ("GET", "/overview/referrals"): BUREAU,
    ("GET", "/children"): OFFICES,
    ("GET", "/children/child-own"): BUREAU | {"school", "carers"},
    ("POST", "/children/child-own/guardian-link"): BUREAU | {"school"},
    **{
        (method, f"/children/child-own/{act}"): BUREAU | {"school"}
        for act in ("correct", "transfer", "leave", "return", "pause", "consent")
        for method in ("GET", "POST")
    },
    ("GET", "/imports"): BUREAU,
    ("POST", "/imports"): BUREAU,
    ("GET", "/imports/import-own"): BUREAU,
    ("GET", "/imports/import-own/errors.xlsx"): BUREAU,
    ("GET", "/conflicts"): BUREAU,
    ("POST", "/conflicts/child-own/settle"): BUREAU,
    ("GET", "/photos/record-own"): BUREAU | {"school"},
    ("GET", "/programmes"): BUREAU,
    ("GET", "/programmes/carers.talk"): BUREAU,
    ("POST", "/programmes/carers.talk/approve"): BUREAU,
    ("POST", "/programmes/carers.talk/tune"): BUREAU,
    ("POST", "/programmes/carers.talk/suspend"): BUREAU,
    ("GET", "/agencies"): BUREAU,
    ("POST", "/agencies/own/titles"): BUREAU,
    ("POST", "/agencies/own/suspend"): {"admin"},
    ("POST", "/agencies/own/resume"): {"admin"},
    ("POST", "/agencies/own/revoke"): {"admin"},
    ("GET", "/parked"): {"admin"},
    ("POST", "/parked/agency.own/replay"): {"admin"},
    ("POST", "/parked/agency.own/own/replay"): {"admin"},
    ("GET", "/accounts"): {"admin"},
    ("GET", "/accounts/new"): {"admin"},
    ("POST", "/accounts/new"): {"admin"},
    ("GET", "/accounts/account-own"): {"admin"},
    ("POST", "/accounts/account-own/reset"): {"admin"},
    ("POST", "/accounts/account-own/close"): {"admin"},
    ("POST", "/accounts/account-own/open"): {"admin"},
    ("POST", "/accounts/account-own/revoke"): {"admin"},
    ("GET", "/audit"): BUREAU | {"auditor"},
    ("GET", "/audit/seals"): BUREAU | {"auditor"},
    ("GET", "/reports"): BUREAU,
    ("GET", "/reports/preview"): BUREAU,
    ("GET", "/reports/compare"): BUREAU,
    ("GET", "/reports/download"): BUREAU,
    ("GET", "/reports/figures/registry.boys/rows"): BUREAU,
    ("POST", "/reports"): BUREAU,
    ("GET", "/reports/report-own"): BUREAU,
    ("GET", "/reports/report-own/download"): BUREAU,
    ("POST", "/reports/report-own/sign"): BUREAU,
    ("GET", "/calendar"): BUREAU,
    ("POST", "/calendar"): BUREAU,
    ("GET", "/school"): {"school", "other_school"},
    ("GET", f"/school/record/{TALK}"): {"school"},
    ("POST", f"/school/record/{TALK}"): {"school"},
    ("GET", "/agency"): {"carers", "lawyers"},
    ("GET", "/agency/helpers"): {"carers", "lawyers"},
    ("GET", "/agency/matches"): {"carers", "lawyers"},
    ("POST", "/agency/matches/pairing-own"): {"carers", "lawyers"},
    ("POST", "/agency/helpers"): {"carers", "lawyers"},
    ("POST", "/agency/helpers/carer-own"): {"carers", "lawyers"},
    ("POST", "/agency/referrals/referral-own"): {"carers", "lawyers"},
    ("GET", f"/agency/record/{TALK}"): set(),
    ("POST", f"/agency/record/{TALK}"): set(),
}
"""(method, address): who gets through.  Whoever does not is told that there is no such page."""
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/language")}
"""What is opened by those who have not signed in yet."""


@pytest.fixture
def county(county: County) -> County:
    return furnished(county)


@pytest.fixture
def desk(sqlite_county: County) -> County:
    return furnished(sqlite_county)


def furnished(county: County) -> County:
    """Add what pages act on: an agency and an account that nobody here comes in by, and a closed report."""
    with database.transaction() as session:
        agencies.introduce(session, Agency(name="own", title=Text(zh="自家", en="own")))
        session.add(Account(id="account-own", username="own", role="bureau", password_hash="none"))
        closed = reports.close(session, BUREAU_ITSELF, reports.period_of(MONDAY, MONDAY))
        session.flush()
        closed.id = "report-own"
    return county


def test_every_page_of_the_desk_says_who_may_open_it() -> None:
    there = {(method, route.path) for desk in DESKS for route in desk.routes for method in route.methods}
    asked = {
        (
            method,
            re.sub(r"(?<=/)(?:[a-z_]+-)?(own|\{\w+\})|carers\.talk|agency\.own|registry\.boys|" + TASK, "{}", path),
        )
        for method, path in PAGES.keys() | OPEN
    }
    assert {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in there} == asked


def opens_for_whom(county: County, method: str, path: str) -> None:
    statuses = {}
    for who in set(PEOPLE) - {"guardian"}:
        county.http.cookies.set(SESSION, token_of(who))
        statuses[who] = county.http.request(method, path, follow_redirects=False).status_code
    assert {who for who, status in statuses.items() if status in (200, 303, 409, 422)} == PAGES[method, path], statuses
    assert {status for who, status in statuses.items() if who not in PAGES[method, path]} <= {404}


@pytest.mark.parametrize("path", [path for method, path in PAGES if method == "GET"])
def test_a_page_opens_for_those_it_is_for_and_is_missing_for_others(county: County, path: str) -> None:
    opens_for_whom(county, "GET", path)


@pytest.mark.parametrize("path", [path for method, path in PAGES if method == "POST"])
def test_a_form_is_taken_from_those_it_is_for_and_is_missing_for_others(desk: County, path: str) -> None:
    opens_for_whom(desk, "POST", path)


@pytest.mark.parametrize("path", [path for method, path in PAGES if method == "GET"])
def test_whoever_has_not_signed_in_is_led_to_where_one_does(sqlite_county: County, path: str) -> None:
    answer = sqlite_county.http.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("path", "place"), [("/conflicts", "/imports"), ("/parked", "/agencies"), ("/children/x/correct", "/children")]
)
def test_a_page_stands_in_the_menu_where_it_is_opened_from(path: str, place: str) -> None:
    found = place_of(menu_of("admin"), path)
    assert found is not None
    assert found.path == place


def test_a_page_tells_the_browser_to_load_nothing_from_elsewhere(sqlite_county: County, app: FastAPI) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    page = sqlite_county.http.get("/tasks")
    assert page.headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' data:;")
    assert re.findall(r"""(?:src|href)=["']?(https?:)?//""", page.text) == []
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", page.text)
