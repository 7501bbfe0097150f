"""A task's page: what became of it, and excusing it."""

import re
from datetime import date
from html import unescape

import pytest
from county import TALK, County, of_task, token_of

from hongzhu_registry.signed_in import SESSION

OPENS = re.compile(r'<th scope="row"><a href="(/tasks/[^"]+)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
TASK = f"/tasks/{of_task(TALK, 'child-own')}"


def test_a_task_is_excused_with_a_reason_and_the_excuse_is_taken_back_by_its_page(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    unsaid = county.http.post(f"{TASK}/excuse", data={"reason": " "}, follow_redirects=False)
    assert unsaid.status_code == 422
    assert 'aria-describedby="a-reason"' in unsaid.text
    assert county.http.post(f"{TASK}/excuse", data={"reason": "住院"}, follow_redirects=False).status_code == 303
    assert county.get("school", TASK)["state"] == "excused"
    assert "住院" in county.http.get(TASK).text
    assert county.http.post(f"{TASK}/take-back", follow_redirects=False).status_code == 303
    assert county.get("school", TASK)["state"] == "due"
    assert county.http.post(f"{TASK}/take-back", follow_redirects=False).status_code == 409


@pytest.mark.parametrize("asked", ["state=due&", "state=all&"])
def test_every_task_comes_once_over_all_pages_in_the_order_of_its_day(county: County, asked: str) -> None:
    county.http.cookies.set(SESSION, token_of("bureau"))
    whole = OPENS.findall(county.http.get(f"/tasks?{asked}").text)
    by_ones: list[str] = []
    following: re.Match[str] | None = re.match("(.*)", f"?{asked}limit=1")
    while following:
        page = county.http.get(f"/tasks{unescape(following[1])}").text
        by_ones += OPENS.findall(page)
        following = NEXT.search(page)
    assert by_ones == whole
    query = asked.removeprefix("state=all&")
    assert sorted(whole) == sorted(f"/tasks/{each['id']}" for each in county.get("bureau", f"/tasks?{query}")["items"])
    assert len(whole) > 1


def test_who_asks_for_nothing_is_shown_what_is_to_be_done_and_what_is_overdue_before_that(
    sqlite_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    assert sqlite_county.http.get("/tasks").url.query == b"state=due"
    monkeypatch.setattr("hongzhu_registry.tasks.pages.today", lambda: date(2020, 11, 30))
    assert sqlite_county.http.get("/tasks").url.query == b"state=overdue"
    page = sqlite_county.http.get("/tasks?state=overdue&programme=carers.talk").text
    assert 'name="back" value="/tasks?state=overdue&amp;programme=carers.talk"' in page, "in the other language as well"


def test_a_cursor_of_nowhere_is_refused(sqlite_county: County) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    assert sqlite_county.http.get("/tasks?cursor=nowhere").status_code == 422


@pytest.mark.parametrize(
    ("narrowing", "said"),
    [
        ("done=true&begins_after=2020-09-01&begins_before=2020-11-22", "已完成；周期起始日：9月1日至11月22日"),
        ("done=false&due_before=2020-11-22", "未完成；到期日：11月22日及以前"),
        ("agency=carers&due_after=2020-09-01", "关爱会；到期日：9月1日及以后"),
        ("programme=carers.talk", ""),
    ],
)
def test_a_list_says_by_what_a_figures_link_narrowed_it(sqlite_county: County, narrowing: str, said: str) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    page = sqlite_county.http.get(f"/tasks?state=all&{narrowing}").text
    told = re.search(r'<p class="soft">([^<]*) · <a href="/tasks\?state=all">', page)
    assert (unescape(told[1]) if told else "") == said
