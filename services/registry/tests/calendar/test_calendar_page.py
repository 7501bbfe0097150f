"""The calendar's page: a school year at a glance, and each edit says on the bus what the API's PUT would."""

import json
import re
from datetime import date
from typing import Any

import pytest
from county import County, token_of
from rosters import hand_in

from hongzhu import clock
from hongzhu.calendar import SchoolCalendar, Term
from hongzhu_registry.calendar.months import months_of
from hongzhu_registry.signed_in import SESSION

TERM = {"name": "", "first": "2020-09-01", "last": "2021-01-22"}
EDITS: list[tuple[dict[str, str], dict[str, list[dict[str, str]]]]] = [
    (
        {"part": "holidays", "name": "元旦", "first": "2021-01-01", "last": "2021-01-03"},
        {"holidays": [{"name": "元旦", "first": "2021-01-01", "last": "2021-01-03"}]},
    ),
    (
        {"part": "make_ups", "first": "2020-12-05"},
        {"make_ups": [{"name": "", "first": "2020-12-05", "last": "2020-12-05"}]},
    ),
    (
        {
            "part": "exceptions",
            "name": "运动会",
            "first": "2020-11-26",
            "last": "2020-11-27",
            "school_id": "school-own",
        },
        {"exceptions": [{"name": "运动会", "first": "2020-11-26", "last": "2020-11-27", "school_id": "school-own"}]},
    ),
    (
        {"part": "terms", "was": "2020-09-01/2021-01-22/", "first": "2020-09-01", "last": "2021-01-29"},
        {"terms": [TERM | {"last": "2021-01-29"}]},
    ),
    (
        {"part": "terms", "name": "春", "first": "2021-02-22", "last": "2021-07-09"},
        {"terms": [TERM, {"name": "春", "first": "2021-02-22", "last": "2021-07-09"}]},
    ),
    ({"part": "terms", "was": "2020-09-01/2021-01-22/", "act": "remove"}, {"terms": []}),
]


@pytest.fixture
def desk(sqlite_county: County) -> County:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    sqlite_county.http.headers["accept-language"] = "en"
    return sqlite_county


def whole(changes: dict[str, Any]) -> dict[str, Any]:
    return {"terms": [TERM], "holidays": [], "make_ups": [], "exceptions": []} | changes


def kind_of(page: str, month: str, day: int) -> str:
    """Say what a day is on the page."""
    of_month = page.partition(f'aria-label="{month}"')[2].partition("</section>")[0]
    found = re.search(rf'<td class="([a-z_ -]+)"[^>]*>{day}<span', of_month)
    assert found
    return found[1]


def test_what_begins_and_ends_in_another_year_says_both(desk: County) -> None:
    clock.stand_on(date(2020, 11, 23))
    said = desk.http.post("/calendar", data={"part": "holidays", "first": "2020-12-31", "last": "2021-01-03"}).text
    assert "Dec 31, 2020 – Jan 3, 2021" in re.sub(r"\s", " ", said)
    said = desk.http.post("/calendar", data={"part": "holidays", "first": "2020-10-01", "last": "2020-10-08"}).text
    assert "Oct 1 – 8<" in re.sub(r"\s", " ", said)


@pytest.mark.parametrize(("typed", "changes"), EDITS)
def test_an_edit_announces_what_the_apis_put_does(desk: County, typed: dict[str, str], changes: dict[str, Any]) -> None:
    answer = desk.http.post("/calendar", data=typed)
    assert answer.status_code == 200
    assert 'role="status"' in answer.text
    assert desk.get("bureau", "/calendar") == {"version": 2} | whole(changes)
    [by_page] = desk.said()
    # Back, and the same by the API: but for its number it is the same message.
    desk.ask("bureau", "PUT", "/calendar", whole({}))
    desk.ask("bureau", "PUT", "/calendar", whole(changes))
    by_api = desk.said()[-1]
    assert by_page[0] == by_api[0]
    assert json.loads(by_page[1])["calendar"] == json.loads(by_api[1])["calendar"]


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"part": "holidays", "first": "2021-01-03", "last": "2021-01-01"}, 422),
        ({"part": "holidays", "first": "2021-01-03", "last": "2031-01-01"}, 422),
        ({"part": "holidays", "first": "soon"}, 422),
        ({"part": "exceptions", "first": "2021-01-03", "school_id": "nowhere"}, 422),
        ({"part": "terms", "first": "2021-01-20", "last": "2021-07-01"}, 422),
        ({"part": "terms", "first": "2020-09-01", "last": "2021-01-22"}, 422),
        ({"part": "weekends", "first": "2021-01-03"}, 422),
        ({"part": "holidays", "was": "2020-10-01/2020-10-08/", "act": "remove"}, 412),
    ],
)
def test_what_cannot_be_is_told_with_what_was_typed_and_announces_nothing(
    desk: County, typed: dict[str, str], status: int
) -> None:
    answer = desk.http.post("/calendar", data=typed)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    if status == 422 and "last" in typed:
        assert f'value="{typed["last"]}"' in answer.text
    assert desk.get("bureau", "/calendar")["version"] == 1
    assert desk.said() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"terms": [{"first": "2020-09-01", "last": "2020-01-01"}]},
        {"terms": [TERM, {"first": "2021-01-20", "last": "2021-07-01"}]},
        {"terms": [{"first": "0001-01-01", "last": "9999-12-31"}]},
        {"terms": [{"first": "9999-09-01", "last": "9999-12-31"}]},
        {"holidays": [{"first": "2021-01-03", "last": "2031-01-01"}]},
    ],
)
def test_the_api_announces_no_calendar_that_the_page_would_refuse(desk: County, changes: dict[str, Any]) -> None:
    answer = desk.ask("bureau", "PUT", "/calendar", whole(changes))
    assert (answer.status_code, answer.json()["field"]) in {(422, "first"), (422, "last")}
    assert desk.get("bureau", "/calendar")["version"] == 1
    assert desk.said() == []


def test_a_workbook_whose_terms_overlap_changes_nothing_of_the_calendar_and_every_row_says_so(desk: County) -> None:
    titles = ("类别", "名称", "开始日期", "结束日期")
    terms = [("学期", "秋", "2020-09-01", "2021-01-22"), ("学期", "春", "2021-01-20", "2021-07-01")]
    result = hand_in(校历=[dict(zip(titles, each, strict=True)) for each in terms])
    assert {(each.row, each.reason.code) for each in result.rejected} == {
        (2, "calendar_unsound"),
        (3, "calendar_unsound"),
    }
    assert desk.get("bureau", "/calendar")["version"] == 1


def test_the_state_councils_days_are_of_the_same_kinds_as_the_bureaus() -> None:
    calendar = SchoolCalendar(terms=(Term(first=date(2021, 3, 1), last=date(2021, 7, 10)),))
    kinds = {day.on: day.kind for month in months_of(calendar, 2020) for week in month.weeks for day in week if day}
    assert [kinds[date(2021, 4, day)] for day in (4, 5, 6, 10, 25)] == [
        "holiday",
        "holiday",
        "school",
        "off",
        "make_up",
    ]


def test_a_day_says_what_it_is_and_what_is_not_announced_is_marked(desk: County) -> None:
    for typed, _changes in EDITS[:3]:
        desk.http.post("/calendar", data=typed)
    page = desk.http.get("/calendar").text
    assert kind_of(page, "November 2020", 23) == "school is-today"
    assert kind_of(page, "November 2020", 22) == "off"
    assert kind_of(page, "November 2020", 26) == "school excepted"
    assert kind_of(page, "December 2020", 5) == "make_up"
    assert kind_of(page, "January 2021", 1) == "holiday"
    assert kind_of(page, "January 2021", 23) == "unannounced", "nobody knows yet what comes after the last term"
    assert "school-own小学" in page.partition("November 2020")[2].partition(">26<")[2][:200], (
        "which school does otherwise"
    )
