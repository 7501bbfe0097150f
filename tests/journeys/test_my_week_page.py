"""The page behind the notice's link, in a real browser on a phone's and a desk's screen, served by the real processes."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, TALK, County
from tests.journeys.people import Mailbox, mail_server
from tests.proofs.stack import Embedded

from hongzhu.waiting import wait_for

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
    return county.invent(seed=2024, schools=3, children=45)


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
def bureau(told: tuple[Mailbox, Embedded]) -> Iterator[httpx.Client]:
    """Sit at the bureau and ask what has come in."""
    with told[1].bureau() as client:
        yield client


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
def phone(browser: Browser, width: int = 390, **more: Any) -> Iterator[Page]:
    """Hold a phone, or sit before a wider screen; nothing was asked of another host, and the policy was never broken."""
    context = browser.new_context(**({"viewport": {"width": width, "height": 844}, "locale": "en-GB"} | more))
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


@contextmanager
def away(browser: Browser, width: int = 390, **more: Any) -> Iterator[Page]:
    """Hold a phone whose line comes and goes; that it complains of it is what it is for."""
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="en-GB", **more)
    yield context.new_page()
    context.close()


def kept_pages(page: Page) -> int:
    """How many pages the phone keeps for when there is no line."""
    return int(page.evaluate("caches.open('hongzhu-weeks').then(pages => pages.keys()).then(keys => keys.length)"))


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


def talks_done(bureau: httpx.Client) -> int:
    """How many talks the bureau counts as done."""
    return len(bureau.get("/tasks", params={"programme": TALK, "state": "done"}).raise_for_status().json()["items"])


@pytest.mark.parametrize(("width", "nth"), [(390, 0), (1440, 5)])
def test_a_teacher_files_two_talks(
    browser: Browser, links: list[tuple[str, list[str]]], bureau: httpx.Client, width: int, nth: int
) -> None:
    link, names = links[nth]
    assert len(names) > 2
    before = talks_done(bureau)
    with phone(browser, width) as page:
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
    assert talks_done(bureau) == before + 2


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
        page.get_by_role("heading", name="All done this week").wait_for()


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
        assert "please open the one in your latest notice" in page.locator("main").inner_text()
        assert page.locator("form").count() == 0


@pytest.mark.parametrize(("width", "nth"), [(390, 3), (1440, 6)])
def test_what_is_recorded_without_a_line_waits_on_the_phone_and_is_sent_once(
    browser: Browser, links: list[tuple[str, list[str]]], bureau: httpx.Client, width: int, nth: int
) -> None:
    link, names = links[nth]
    assert len(names) > 1
    note = f"Had a cold {width}"
    kept = "localStorage.getItem('hongzhu-unsent')"
    with away(browser, width) as page:
        page.goto(link)
        wait_for("the phone to keep the page", lambda: kept_pages(page) == 1)
        page.context.set_offline(True)
        page.goto(link)
        assert "There is no line at the moment" in page.locator(".away").inner_text()
        name = page.locator(".child .name").first.inner_text()
        page.get_by_label(name).check()
        page.get_by_label("Health").check()
        page.get_by_label("To remember").fill(note)
        page.get_by_label("A photo").set_input_files(picture(3000, 2000))
        page.get_by_role("img", name="The photo that goes along").wait_for()
        assert small_targets(page) == []
        page.get_by_role("button", name="Record for 1").click()
        page.get_by_text("Waits for the line").wait_for()
        assert page.get_by_role("img", name="The photo that goes along").count() == 0
        assert page.get_by_label(name).is_disabled(), "who waits is not recorded a second time"
        assert small_targets(page) == []
        page.goto(link)
        page.get_by_text("Waits for the line").wait_for()
        assert note.replace(" ", "+") in page.evaluate(kept)
        sent = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.context.set_offline(False)
        page.get_by_text("Recorded for 1").wait_for()
        assert page.locator(".done .name").all_inner_texts() == [name]
        assert page.evaluate(kept) is None, "what has arrived stays on the phone no longer"
        page.goto(link)
        assert len(sent) == 1
    records = bureau.get("/records", params={"kind": "talk"}).raise_for_status().json()["items"]
    [record] = [each for each in records if each["data"].get("note") == note]
    photo = bureau.get(f"/photos/{record['id']}").raise_for_status().json()["image"]
    kept = Image.open(BytesIO(base64.b64decode(photo)))
    assert (max(kept.size), dict(kept.getexif())) == (1280, {}), "smaller, and silent about where it was taken"


def picture(width: int, height: int) -> FilePayload:
    """Take a picture that says which telephone took it."""
    exif = Image.Exif()
    exif[0x010F] = "telephone"
    taken = BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(taken, "JPEG", exif=exif)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": taken.getvalue()}


def test_a_phone_that_never_heard_the_answer_sends_again_and_nothing_is_there_twice(
    browser: Browser, links: list[tuple[str, list[str]]], bureau: httpx.Client
) -> None:
    link, _ = links[4]
    with away(browser, service_workers="block") as page:
        page.goto(link)

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route(
            "**/w/**", lambda route: lose_the_answer(route) if route.request.method == "POST" else route.continue_()
        )
        page.locator(".child input").first.check()
        page.get_by_label("Classmates").check()
        page.get_by_label("To remember").fill("Has a new friend.")
        page.locator("button.file").click()
        page.get_by_text("Waits for the line").wait_for()
        page.unroute("**/w/**")
        page.get_by_role("button", name="Send now").click()
        page.get_by_text("Recorded for 1").wait_for()
    records = bureau.get("/records", params={"kind": "talk"}).raise_for_status().json()["items"]
    assert [each["data"].get("note") for each in records].count("Has a new friend.") == 1


def test_what_a_phone_kept_is_gone_once_its_week_is_over(browser: Browser, links: list[tuple[str, list[str]]]) -> None:
    link, _ = links[1]
    with away(browser) as page:
        page.goto(link)
        wait_for("the phone to keep the page", lambda: kept_pages(page) == 1)
        page.evaluate(
            """async () => {
                const pages = await caches.open("hongzhu-weeks");
                const [key] = await pages.keys();
                const old = { headers: { "Hongzhu-Keep-Until": "2020-01-01T00:00:00+00:00" } };
                await pages.put(key, new Response("names", old));
                const entry = { id: "1", whose: "somebody", programme: "x", title: "x", body: "child=a", until: 1, state: "waits" };
                localStorage.setItem("hongzhu-unsent", JSON.stringify([entry]));
            }"""
        )
        page.context.set_offline(True)
        with pytest.raises(PlaywrightError, match="ERR_"):
            page.goto(link)
        page.context.set_offline(False)
        page.goto(link)
        assert page.evaluate("localStorage.getItem('hongzhu-unsent')") is None


@pytest.fixture(scope="module")
def birthday(bureau: httpx.Client) -> None:
    """Owe every school the birthday of the school year."""
    bureau.post("/programmes/education_bureau.birthday/approve", json={}).raise_for_status()


def link_of_coordinator(stack: Embedded, school: str) -> str:
    """The link that a school's coordinator finds in a mail, as the notifier is given it."""
    secrets = (stack.home / "secrets/notifier.env").read_text()
    token = next(line.partition("=")[2] for line in secrets.splitlines() if line.startswith("HONGZHU_API_TOKEN="))
    question = {"school_id": school, "assignee": "school_coordinator", "subjects": [school]}
    asked = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{stack.web}/api/v1/recipients", json=question, headers=asked, timeout=30).raise_for_status()
    return str(answer.json()["items"][0]["link"])


@pytest.mark.usefixtures("birthday")
@pytest.mark.parametrize(("width", "nth"), [(390, 0), (1440, 1)])
def test_a_coordinator_ticks_who_came_to_the_birthday_and_two_absentees_stay_due(
    browser: Browser,
    told: tuple[Mailbox, Embedded],
    bureau: httpx.Client,
    invented: County,
    width: int,
    nth: int,
) -> None:
    _, stack = told
    coordinator = [each for each in invented.teachers if not each.grade][nth]
    names = [child.name for child in invented.children if child.school == coordinator.school]
    query = {"programme": "education_bureau.birthday", "school_id": coordinator.school.code}

    def tasks() -> Any:
        return bureau.get("/tasks", params=query).raise_for_status().json()["items"]

    wait_for("the birthday to be owed", tasks, 60)
    with phone(browser, width) as page:
        page.goto(f"{link_of_coordinator(stack, coordinator.school.code)}/education_bureau.birthday")
        for details in page.locator("details.class summary").all():
            details.click()
        assert page.locator("input[name=child]:checked").count() == len(names)
        absent = page.locator(".child .name").all_inner_texts()[:2]
        for name in absent:
            page.get_by_label(name).uncheck()
        assert small_targets(page) == []
        assert wide(page) <= 0
        page.get_by_role("button", name=f"{len(names) - 2} came").click()
        page.get_by_text(f"Recorded for {len(names) - 2}").wait_for()
        assert sorted(page.locator(".child .name").all_inner_texts()) == sorted(absent)
        assert page.locator("input[name=child]:checked").count() == 0
    (task,) = tasks()
    assert task["state"] == "done"
