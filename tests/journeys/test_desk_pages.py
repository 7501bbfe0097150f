"""The desk in a real browser, served by the real processes: every page as those see it who may open it, and officers' days."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect
from tests import desk
from tests.journeys import county
from tests.journeys.county import COUNSELLOR, FIRST_DAY, County
from tests.journeys.test_my_week_page import browser as browser  # noqa: PLC0414  # the fixture
from tests.journeys.test_my_week_page import wide
from tests.proofs.stack import Embedded

from hongzhu.waiting import wait_for
from hongzhu_registry.menu import places
from hongzhu_registry.signed_in import SESSION

pytestmark = pytest.mark.browser

FIRST_LESSON = "legal_aid.first_lesson"
HEAVIEST = 300_000
"""Bytes that a page may cost on its first visit; the overview, with a county in its charts, is worth a little more."""


@dataclass
class Desk:
    """The running stack, and who has signed in."""

    stack: Embedded
    clients: dict[str, httpx.Client]


@dataclass
class Trial(Desk):
    """A desk with a county, of whose children one stands on two schools' rosters."""

    invented: County
    moved: str


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Run the whole system with a county's workbooks taken in, and its accounts; a child of it stands on two rosters."""
    folder = tmp_path_factory.mktemp("desk")
    invented = county.invent(seed=2024, schools=2, children=30)
    county_folder = invented.write(folder / "county")
    invented.write_calendar(county_folder)
    (county_folder / "律师报名表.xlsx").unlink()  # the agency's own people add whoever they need
    moved = invented.children[0]
    other = next(each for each in invented.schools if each != moved.school)
    row = county._child_row(moved._replace(school=other))
    county._write(county_folder / f"转入{moved.name}.xlsx", "摸底表", county._CHILD_HEADER, [row])
    stack = Embedded(folder / "stack")
    clients: dict[str, httpx.Client] = {}
    try:
        stack.stand_on(FIRST_DAY)
        stack.start()
        stack.wait_until_ready()
        admin = clients["admin"] = desk.administrator(stack.web, stack.command)
        wait_for("the agencies", lambda: admin.get("/agencies").text.count('scope="row"') >= 9, 60)
        clients["bureau"] = desk.opened(admin, "bureau")
        stack.command("import", county_folder)
        clients["school"] = desk.opened(admin, "school", school_id=moved.school.code)
        clients["agency"] = desk.opened(admin, "agency", agency="legal_aid")
        clients["auditor"] = desk.opened(admin, "auditor")
        yield Trial(stack, {role: clients[role] for role in desk.ROLES}, invented, moved.name)
    finally:
        for client in clients.values():
            client.close()
        stack.stop()


@contextmanager
def screen(browser: Browser, at: Desk, role: str, width: int = 1440, **more: Any) -> Iterator[Page]:
    """Sit before a screen, signed in; afterwards nothing was asked of another host, and the policy was never broken."""
    context = browser.new_context(
        base_url=at.stack.web, viewport={"width": width, "height": 844}, **({"locale": "en-GB"} | more)
    )
    context.add_cookies([{"name": SESSION, "value": at.clients[role].cookies[SESSION], "url": at.stack.web}])
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {at.stack.web.split("/")[2]}
    assert complaints == []
    context.close()


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether the browser complains; it also notes each form that was refused with a word to its reader."""
    return message.type == "error" and "status of 422" not in message.text


@pytest.fixture(scope="module")
def lawyers_needed(trial: Trial) -> None:
    """Owe every school a law counsellor and a first lesson of term, before any lawyer is known."""
    with trial.stack.bureau() as api:
        for code in (COUNSELLOR, FIRST_LESSON):
            api.post(f"/programmes/{code}/approve", json={}).raise_for_status()
        for code in (COUNSELLOR, FIRST_LESSON):
            query = {"programme": code}
            wait_for(f"{code} to be owed", lambda: api.get("/tasks", params=query).json()["items"], 60)  # noqa: B023


@pytest.mark.usefixtures("lawyers_needed")
@pytest.mark.parametrize("width", [390, 1440])
def test_an_agency_vets_a_helper_confirms_the_match_by_its_reason_and_records_a_lesson(
    browser: Browser, trial: Trial, width: int
) -> None:
    name, towns = f"韩律师{width}", {school.name: school.town for school in trial.invented.schools}
    town = trial.invented.schools[0].town
    with screen(browser, trial, "agency", width, locale="zh-CN") as page:
        page.goto("/home")
        expect(page.get_by_role("heading", name="本部门工作", level=1)).to_be_visible()
        go(page, "帮扶人员")
        page.get_by_text("添加帮扶人员").click()
        page.get_by_label("姓名").fill(name)
        page.get_by_label("帮扶内容").select_option("学校法制辅导员")
        page.get_by_label("乡镇").fill(town)
        page.get_by_role("button", name="添加").click()
        expect(page.get_by_role("status")).to_contain_text("审核通过后才会参与匹配")
        page.get_by_role("button", name=f"审核通过 {name}").click()
        expect(page.get_by_role("status")).to_contain_text("即日起可以匹配")
        assert wide(page) <= 0
        go(page, "匹配")
        matched = page.locator("tbody tr", has_text=name)

        def is_matched() -> int:
            page.reload()
            return matched.count()

        wait_for("the helper to be matched", is_matched, 60)
        school = matched.locator("td").first.inner_text().strip()
        near = "同一乡镇" if towns[school] == town else "本乡镇已无空余名额，从其他乡镇匹配"
        expect(matched.locator("td").nth(2)).to_have_text(f"{near}；此人当时尚余1个名额")
        assert wide(page) <= 0
        matched.first.get_by_role("button", name=f"确认 {name}").click()
        expect(page.get_by_role("status")).to_contain_text("已确认")
        expect(matched.first).to_contain_text("已确认")

        go(page, "本部门工作")
        page.get_by_role("link", name="记录 开学第一课").click()
        schools = page.locator("input[name='data.school_id']")
        before = schools.count()
        page.locator("label.choice").first.click()
        page.get_by_label("参加人数").fill("210")
        page.get_by_role("button", name="记录").click()
        expect(page.get_by_role("status")).to_contain_text("已登记")

        def is_done() -> bool:
            page.reload()
            return schools.count() == before - 1

        wait_for("the lesson to be owed no more", is_done, 30)
        assert wide(page) <= 0


def go(page: Page, place: str) -> None:
    """Go to a place of the menu, which a phone keeps behind a button."""
    if (button := page.locator("[data-menu]")).is_visible():
        button.click()
    page.get_by_role("navigation").get_by_role("link", name=place, exact=True).click()


@pytest.fixture(scope="module")
def union(trial: Trial) -> Iterator[None]:
    """Let the trade union answer referrals, and somebody of it sign in."""
    with trial.stack.bureau() as api:
        for code in ("trade_union.referral", "trade_union.counselling"):
            api.post(f"/programmes/{code}/approve", json={}).raise_for_status()
    trial.clients["union"] = desk.opened(trial.clients["admin"], "agency", agency="trade_union")
    yield
    trial.clients.pop("union").close()


@pytest.mark.usefixtures("union")
@pytest.mark.parametrize(("width", "nth"), [(390, 0), (1440, 1)])
def test_an_agency_takes_a_child_on_that_a_school_passed_to_it_and_says_that_it_helped(
    browser: Browser, trial: Trial, width: int, nth: int
) -> None:
    with trial.stack.bureau() as api:
        children = [child for child in api.get("/children").json()["items"] if child["name"] != trial.moved]
        child = sorted(children, key=lambda each: each["name"])[nth]
        said = {"child_id": child["id"], "organisation": "trade_union", "referred_on": str(FIRST_DAY)}
        api.post("/referrals", json=said).raise_for_status()
    with screen(browser, trial, "union", width) as page:
        page.goto("/home")
        referred = page.locator("table[aria-labelledby=referrals] tbody tr", has_text=child["name"])

        def can_be_seen() -> int:
            page.reload()
            return referred.count()

        wait_for("the child to be shown to the agency", can_be_seen, 30)
        expect(referred).to_contain_text("Waits for your answer")
        assert wide(page) <= 0
        referred.get_by_role("button", name="Decline").click()
        expect(page.get_by_role("alert")).to_contain_text("Say why")
        referred.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("status")).to_contain_text("Accepted.")
        referred.get_by_role("button", name="Helped").click()
        expect(page.get_by_role("status")).to_contain_text("Recorded.")
        expect(referred).to_contain_text("Done")
        assert wide(page) <= 0
    with trial.stack.bureau() as api:
        (answered,) = api.get("/referrals", params={"child_id": child["id"]}).json()["items"]
        assert answered["state"] == "done"


@pytest.fixture(scope="module")
def parked(trial: Trial) -> None:
    """Let the scheduler say what the registry can never handle."""
    said = ("nobody-means-this", "task.closed.v1", "task.closed.v1.nobody", "{}", datetime.now(UTC).isoformat(" "))
    with closing(sqlite3.connect(trial.stack.home / "scheduler.sqlite3", timeout=30)) as database, database:
        database.execute(
            "INSERT INTO outbox (message_id, topic, routing_key, payload, written_at) VALUES (?, ?, ?, ?, ?)", said
        )


@pytest.mark.usefixtures("parked")
@pytest.mark.parametrize(("width", "button"), [(390, "Give back nobody-means-this"), (1440, "Give all back Registry")])
def test_an_operator_gives_a_message_back_and_what_fails_again_comes_back(
    browser: Browser, trial: Trial, width: int, button: str
) -> None:
    with screen(browser, trial, "admin", width) as page:
        of_registry = page.get_by_role("region", name="Registry")

        def is_parked() -> int:
            page.goto("/parked")
            return of_registry.get_by_role("rowheader", name="nobody-means-this").count()

        page.goto("/agencies")
        wait_for("the message to be parked", is_parked, 30)
        assert wide(page) <= 0
        of_registry.get_by_role("button", name=button).click()
        expect(page.get_by_role("status")).to_contain_text("Given back: 1")
        wait_for("the message to be parked once more", is_parked, 30)


@pytest.fixture(scope="module")
def found(trial: Trial) -> dict[str, tuple[str, str]]:
    """Every page, as those find it who follow the links."""
    desk.close_report(trial.clients["bureau"])
    return desk.pages(trial.clients)


def test_every_place_of_every_menu_opens(found: dict[str, tuple[str, str]]) -> None:
    assert {place.path for place in places()} <= found.keys()


@pytest.mark.parametrize(("width", "scheme", "language"), [(390, "dark", "zh-CN"), (1440, "light", "en-GB")])
def test_every_page_is_for_everybody_light_narrow_and_from_here_alone(
    browser: Browser, trial: Trial, found: dict[str, tuple[str, str]], width: int, scheme: str, language: str
) -> None:
    faults: dict[str, Any] = {}
    axe = Axe()
    weights: list[Response] = []

    def loaded(response: Response) -> None:
        weights.append(response)

    for role in dict.fromkeys(role for role, _ in found.values()):
        with screen(browser, trial, role, width, color_scheme=scheme, locale=language) as page:
            page.on("response", loaded)
            for by, address in found.values():
                if by != role:
                    continue
                weights.clear()
                page.goto(address)
                violations = [each["id"] for each in axe.run(page).response["violations"]]
                cost = sum(weight(each) for each in weights)
                light = cost < HEAVIEST or address == "/overview"
                if violations or wide(page) > 0 or not light:
                    faults[address] = (violations, wide(page), cost)
    assert faults == {}


def weight(response: Response) -> int:
    """What came over the line for an answer; what the browser had already costs nothing."""
    return response.request.sizes()["responseBodySize"] if response.request.timing["responseStart"] >= 0 else 0
