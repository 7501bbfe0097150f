"""The page behind the notice's link, in a real browser on a phone's screen, served by the real processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, TALK, County
from tests.journeys.people import Mailbox, mail_server
from tests.proofs.servers import wait_for
from tests.proofs.stack import Embedded

CHROMIUM = os.environ.get("HONGZHU_TEST_CHROMIUM", "/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
THUMB = 44
"""CSS pixels that a target measures at least, either way (WCAG 2.2, 2.5.5)."""
WEEK = FIRST_DAY.replace(day=13)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; skip where it is not installed, or fail where it is required."""
    if not Path(CHROMIUM).exists() and os.environ.get("HONGZHU_REQUIRE_SERVICES") != "1":
        pytest.skip(f"no Chromium at {CHROMIUM} (HONGZHU_TEST_CHROMIUM)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def invented() -> County:
    """Invent a county."""
    return county.invent(seed=2024, schools=2, children=30)


@pytest.fixture(scope="module")
def told(invented: County, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailbox, Embedded]]:
    """Run the whole system until the county's teachers have their mails."""
    folder = tmp_path_factory.mktemp("week")
    invented.write(folder / "county")
    invented.write_calendar(folder / "county")
    stack = Embedded(folder / "stack")
    try:
        with mail_server() as mailbox:
            stack.common |= {"HONGZHU_CHANNELS": '["inbox", "smtp"]', "HONGZHU_SMTP_URL": mailbox.url}
            stack.stand_on(FIRST_DAY)
            stack.start()
            stack.wait_until_ready()
            stack.command("import", "--json", folder / "county")
            with stack.bureau() as bureau:
                stack.approve_programmes(bureau)
            wait_for("everybody to be told", lambda: mailbox.told == sorted(invented.told(WEEK)), 60)
            yield mailbox, stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def links(told: tuple[Mailbox, Embedded], invented: County) -> list[tuple[str, list[str]]]:
    """The links of class teachers, each with the names of the class, the largest class first."""
    mailbox, _ = told
    found = [
        (mailbox.link(teacher.email), [child.name for child in children])
        for children in invented.classes(WEEK).values()
        if (teacher := invented.teller(children[0])) and teacher.grade
    ]
    return sorted(found, key=lambda each: -len(each[1]))


@contextmanager
def phone(browser: Browser, **more: Any) -> Iterator[Page]:
    """Hold a phone; afterwards nothing was asked of another host, and the policy was never broken."""
    context = browser.new_context(**({"viewport": {"width": 390, "height": 844}, "locale": "en-GB"} | more))
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert asked
    assert {url.split("/")[2] for url in asked} == {page.url.split("/")[2]}
    # That an answer was 404 or 422 is what the test wants to see; everything else is a fault.
    assert [each for each in complaints if "the server responded with a status of 4" not in each] == []
    context.close()


def wide(page: Page) -> int:
    """By how much the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def small_targets(page: Page) -> list[str]:
    """What can be tapped and is smaller than a thumb; a tick is as large as its label."""
    return list(
        page.evaluate(
            """least => [...document.querySelectorAll("main :is(a, button, summary, textarea, input)")]
                .filter(each => each.type !== "hidden" && each.checkVisibility())
                .map(each => [each, (each.closest("label") ?? each).getBoundingClientRect()])
                .filter(([, box]) => box.width < least || box.height < least)
                .map(([each]) => each.outerHTML)""",
            THUMB,
        )
    )


def test_a_teacher_files_two_talks_on_a_phone(
    browser: Browser, links: list[tuple[str, list[str]]], told: tuple[Mailbox, Embedded]
) -> None:
    link, names = links[0]
    assert len(names) > 2
    with phone(browser) as page:
        page.goto(link)
        assert sorted(page.locator(".child .name").all_inner_texts()) == sorted(names)
        assert wide(page) <= 0
        assert small_targets(page) == []
        two = page.locator(".child .name").all_inner_texts()[:2]
        for name in two:
            page.get_by_label(name).check()
        page.get_by_label("Health").check()
        page.get_by_role("button", name="Record for 2").click()
        assert "Recorded for 2" in page.get_by_role("status").inner_text()
        assert page.locator(".child .name").count() == len(names) - 2
        assert sorted(page.locator(".done .name").all_inner_texts()) == sorted(two)
        assert page.locator(".done time").all_inner_texts() == ["Wednesday, Feb 15"] * 2
        assert wide(page) <= 0
        assert small_targets(page) == []
        page.reload()
        assert page.locator(".done .name").count() == 2, "reading the page again files nothing again"
    _, stack = told
    with stack.bureau() as bureau:
        tasks = bureau.get("/tasks", params={"programme": TALK, "state": "done"}).json()["items"]
    assert len(tasks) == 2


def test_all_are_ticked_by_one_tap_and_what_is_typed_survives_a_mistake(
    browser: Browser, links: list[tuple[str, list[str]]]
) -> None:
    link, names = links[1]
    with phone(browser) as page:
        page.goto(link)
        page.get_by_label("To remember").fill("Asks when her mother comes home.")
        page.get_by_role("button", name="Select all").click()
        page.get_by_role("button", name=f"Record for {len(names)}").click()
        alert = page.get_by_role("alert")
        assert "Choose one." in alert.inner_text()
        assert page.locator("input[name=child]:checked").count() == len(names)
        assert page.get_by_label("To remember").input_value() == "Asks when her mother comes home."
        assert small_targets(page) == []
        page.get_by_label("Classmates").check()
        page.get_by_role("button", name=f"Record for {len(names)}").click()
        assert page.get_by_role("heading", name="All done this week").is_visible()


def test_the_page_works_without_scripts_and_on_the_narrowest_screen(
    browser: Browser, links: list[tuple[str, list[str]]]
) -> None:
    link, names = links[2]
    with phone(browser, java_script_enabled=False, viewport={"width": 320, "height": 568}, locale="zh-CN") as page:
        page.goto(link)
        assert page.locator("h1").inner_text() == "每周谈心"
        page.locator("a.all").click()
        assert page.locator("input[name=child]:checked").count() == len(names)
        page.locator("input[type=radio]").first.check()
        page.locator("button.file").click()
        assert page.locator(".done .name").count() == len(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_reached_and_seen_with_the_keyboard_alone(
    browser: Browser, links: list[tuple[str, list[str]]], scheme: str
) -> None:
    with phone(browser, color_scheme=scheme) as page:
        page.goto(links[0][0])
        reached: list[tuple[str, str]] = []
        for _ in range(40):
            page.keyboard.press("Tab")
            now = page.evaluate(
                """() => { const at = document.activeElement; const style = getComputedStyle(at);
                    return [at.name || at.className || at.tagName, style.outlineStyle + " " + style.outlineWidth]; }"""
            )
            if now[0] == "BODY":
                break
            reached.append(tuple(now))
        names = [name for name, _ in reached]
        assert {"child", "occurred_on", "data.topic", "data.note", "file"} <= set(names)
        assert [each for each in reached if each[1] != "solid 3px"] == []


def test_an_old_or_forged_link_says_that_a_new_one_comes(browser: Browser, links: list[tuple[str, list[str]]]) -> None:
    with phone(browser) as page:
        answer = page.goto(links[0][0][:-4] + "AAAA")
        assert answer is not None
        assert answer.status == 404
        assert "The next notice brings a new one" in page.locator("main").inner_text()
        assert page.locator("form").count() == 0
