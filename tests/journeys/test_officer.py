"""The journey of a bureau's officer through the demo's city, from a folder of workbooks to a figure's rows, in a real browser."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests import desk
from tests.journeys.test_desk_pages import Desk, go, screen
from tests.journeys.test_my_week_page import browser as browser  # noqa: PLC0414  # the fixture
from tests.journeys.test_my_week_page import wide
from tests.proofs.stack import Embedded

from hongzhu.rehearsal.command import demo_data
from hongzhu.waiting import wait_for

pytestmark = pytest.mark.browser

TODAY = date(2020, 11, 23)
TALK = "education_bureau.weekly_talk"
CONFLICT, LETTERS = "姜梅桐", "jmt"
"""The child on two schools' rosters, and how its name is typed."""
IN_POVERTY = 43
IN_TIME = 180_000
"""Milliseconds within which a city's workbooks are taken in, also where others are at work on the machine."""


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Desk]:
    """Run the whole system with nothing in it but its accounts."""
    stack = Embedded(tmp_path / "stack")
    stack.stand_on(TODAY)
    stack.start()
    try:
        stack.wait_until_ready()
        with closing(desk.administrator(stack.web, stack.command)) as admin:
            wait_for("the agencies", lambda: admin.get("/agencies").text.count('scope="row"') >= 9, 60)
            with closing(desk.opened(admin, "bureau")) as client:
                yield Desk(stack, {"bureau": client})
    finally:
        stack.stop()


@pytest.mark.parametrize("width", [390, 1440])
def test_an_officer_takes_the_city_in_settles_its_conflict_and_opens_the_rows_of_a_figure(
    browser: Browser, bureau: Desk, width: int
) -> None:
    with screen(browser, bureau, "bureau", width) as page:
        page.goto("/home")
        go(page, "Workbooks")
        page.locator("#f-folder").set_input_files(demo_data())
        page.locator('a[href="/conflicts"]').first.click(timeout=IN_TIME)
        expect(page.get_by_role("link", name=CONFLICT)).to_be_visible()
        assert wide(page) <= 0
        page.locator("form[action$='/settle'] button.btn-primary").click()
        expect(page.get_by_role("status")).to_contain_text(CONFLICT)

        go(page, "Programmes")
        page.locator(f'a[href="/programmes/{TALK}"]').first.click()
        expect(page.get_by_role("button", name="Approve")).to_be_visible()
        assert wide(page) <= 0
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status")).to_contain_text("It runs.")

        page.get_by_role("searchbox", name="Find a child").fill(LETTERS)
        page.keyboard.press("Enter")
        page.get_by_role("link", name=CONFLICT).first.click()
        expect(page.get_by_role("heading", name=CONFLICT, level=1)).to_be_visible()
        assert wide(page) <= 0

        go(page, "Reports")
        page.get_by_role("button", name="View report").click()
        page.locator(".paper a", has_text=re.compile(rf"^\s*{IN_POVERTY}\b")).first.click()
        expect(page.locator("tbody tr")).to_have_count(IN_POVERTY)
        assert wide(page) <= 0
