"""The desk in a real browser, served by the real processes: every page as those see it who may open it, and an officer's day."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect
from tests import desk
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, TALK
from tests.journeys.test_my_week_page import browser as browser  # noqa: PLC0414  # the fixture
from tests.journeys.test_my_week_page import wide
from tests.proofs.stack import Embedded

from hongzhu.waiting import wait_for
from hongzhu_registry.menu import places
from hongzhu_registry.signed_in import SESSION

pytestmark = pytest.mark.browser

HEAVIEST = 300_000
"""Bytes that a page may cost on its first visit; the overview, with a county in its charts, is worth a little more."""
LETTERS = dict(
    zip(
        "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜安邦成德恩芳光海佳凯兰明宁平清荣山思涛文祥雅永远泽志竹晨露禾苗谷雨",
        "zqslzwzwfccwjshyzqyxhlszkcyhjwtjabcdefghjklmnpqrsstwxyyyzzzclhmgy",
        strict=True,
    )
)
"""How the county's names are typed."""


class Trial(NamedTuple):
    """The running stack, its county's folder, and who has signed in."""

    stack: Embedded
    folder: Path
    moved: str
    """The name of a child on two schools' rosters."""
    clients: dict[str, httpx.Client]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Run the whole system with its accounts and no more; a child of the county stands on two rosters."""
    folder = tmp_path_factory.mktemp("desk")
    invented = county.invent(seed=2024, schools=2, children=30)
    invented.write(folder / "county")
    invented.write_calendar(folder / "county")
    child = invented.children[0]
    other = next(each for each in invented.schools if each != child.school)
    moved = [county._child_row(child._replace(school=other))]
    county._write(folder / "county" / "转入名单.xlsx", "摸底表", county._CHILD_HEADER, moved)
    stack = Embedded(folder / "stack")
    clients: dict[str, httpx.Client] = {}
    try:
        stack.stand_on(FIRST_DAY)
        stack.start()
        stack.wait_until_ready()
        admin = clients["admin"] = desk.administrator(stack.web, stack.command)
        wait_for("the agencies", lambda: admin.get("/agencies").text.count('scope="row"') >= 9, 60)
        clients["bureau"] = desk.opened(admin, "bureau")
        schools = (folder / "county" / "各校名单.xlsx").read_bytes()
        clients["bureau"].post("/imports", files={"files": ("各校名单.xlsx", schools)})
        wait_for("the schools", lambda: child.school.code in admin.get("/accounts/new").text, 60)
        clients["school"] = desk.opened(admin, "school", school_id=child.school.code)
        clients["agency"] = desk.opened(admin, "agency", agency="womens_federation")
        clients["auditor"] = desk.opened(admin, "auditor")
        yield Trial(stack, folder / "county", child.name, {role: clients[role] for role in desk.ROLES})
    finally:
        for client in clients.values():
            client.close()
        stack.stop()


@contextmanager
def screen(browser: Browser, trial: Trial, role: str, width: int = 1440, **more: Any) -> Iterator[Page]:
    """Sit before a screen, signed in; afterwards nothing was asked of another host, and the policy was never broken."""
    context = browser.new_context(
        base_url=trial.stack.web, viewport={"width": width, "height": 844}, **({"locale": "en-GB"} | more)
    )
    context.add_cookies([{"name": SESSION, "value": trial.clients[role].cookies[SESSION], "url": trial.stack.web}])
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {trial.stack.web.split("/")[2]}
    assert complaints == []
    context.close()


def test_an_officer_takes_a_county_in_and_an_operator_gives_a_message_back(browser: Browser, trial: Trial) -> None:
    with screen(browser, trial, "bureau") as page:
        page.goto("/home")
        page.get_by_role("link", name="Workbooks").click()
        page.locator("#f-files").set_input_files(sorted(trial.folder.iterdir()))
        page.locator('a[href="/conflicts"]').first.click(timeout=30_000)
        expect(page.get_by_role("link", name=trial.moved)).to_be_visible()
        page.locator("form[action$='/settle'] button.btn-primary").click()
        expect(page.get_by_role("status")).to_contain_text(trial.moved)

        page.get_by_role("link", name="Programmes").click()
        page.locator(f'a[href="/programmes/{TALK}"]').first.click()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status")).to_contain_text("It runs.")

        page.get_by_role("searchbox", name="Find a child").fill("".join(LETTERS[sign] for sign in trial.moved))
        page.keyboard.press("Enter")
        page.get_by_role("link", name=trial.moved).first.click()
        expect(page.get_by_role("heading", name=trial.moved, level=1)).to_be_visible()

        page.get_by_role("link", name="Report").click()
        page.get_by_role("button", name="Show").click()
        page.locator(".paper a", has_text="30").first.click()
        expect(page.locator("tbody tr")).to_have_count(30)

    park(trial)
    with screen(browser, trial, "admin") as page:
        page.goto("/agencies")
        page.goto("/parked")
        page.get_by_role("button", name="Give all back Registry").click()
        expect(page.get_by_role("status")).to_contain_text("Given back: 1")


def park(trial: Trial) -> None:
    """Let the scheduler say what the registry can never handle, and wait until it is parked."""
    said = ("nobody-means-this", "task.closed.v1", "task.closed.v1.nobody", "{}", datetime.now(UTC).isoformat(" "))
    with closing(sqlite3.connect(trial.stack.home / "scheduler.sqlite3", timeout=30)) as database, database:
        database.execute(
            "INSERT INTO outbox (message_id, topic, routing_key, payload, written_at) VALUES (?, ?, ?, ?, ?)", said
        )
    admin = trial.clients["admin"]
    wait_for("the message to be parked", lambda: "nobody-means-this" in admin.get("/parked").text, 30)


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
