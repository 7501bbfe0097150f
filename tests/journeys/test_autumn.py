"""The trial's autumn, reckoned a second time from the workbooks' own cells, with nothing of the product's."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

FOLDER = Path(__file__).parents[2] / "services/registry/src/hongzhu_registry/demo/yongan-2020"
TODAY = date(2020, 11, 23)
TERM_BEGAN = date(2020, 9, 1)
PATIENCE = 300.0


def rows_of(file: str, sheet: str | None = None) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(FOLDER / file, read_only=True)
    return list((book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True))


def days_of(kind: str, school: str | None = None) -> set[date]:
    """The days that the calendar's workbook names of one kind: a term, holidays, days made up, one school's exception."""
    return {
        first.date() + timedelta(days=n)
        for each, _name, first, last, code, _note in rows_of("calendar.xlsx")[2:]
        if each == kind and code == school
        for n in range((last - first).days + 1)
    }


def school_weeks(school: str) -> set[date]:
    """The Mondays of the weeks from the term's first to today's in which a school taught on at least one day."""
    term, off, made_up, own = (days_of("学期"), days_of("放假"), days_of("调休上课"), days_of("学校例外", school))
    taught = {
        day for day in term - off - own if day >= TERM_BEGAN and (day.weekday() < 5 or day in made_up)
    }  # the workbook names every public holiday of these terms
    weeks = {day - timedelta(days=day.weekday()) for day in taught}
    return {week for week in weeks if week <= TODAY}


def reckoned() -> dict[tuple[str, date], str]:
    """How each child's talk of each school week must stand, by identity number and Monday."""
    talks = {
        (number, day.date() - timedelta(days=day.weekday()))
        for _code, day, _name, number, *_rest in rows_of("records-2020-autumn.xlsx", "谈心")[1:]
    }
    pupils = [(code, number) for code, _name, number, *_marks in rows_of("scores-midterm.xlsx")[2:]]
    weeks = {code: school_weeks(code) for code, _number in pupils}
    return {
        (number, week): "done" if (number, week) in talks else "missed" if week + timedelta(days=6) < TODAY else "due"
        for code, number in pupils
        for week in weeks[code]
    }


@contextmanager
def trial(home: Path) -> Iterator[httpx.Client]:
    """Serve the trial, as a newcomer would, and ask it as its bureau."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "hongzhu", "demo", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (home / "credentials.json").exists():
            assert process.poll() is None, "the trial ended before it was ready"
            assert time.monotonic() < deadline, "the trial did not come to rest"
            time.sleep(0.2)  # between two looks, up to PATIENCE
        bureau = json.loads((home / "credentials.json").read_text())["bureau"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
            token = client.post("/token", data=bureau).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def items(client: httpx.Client, path: str, **filters: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = client.get(path, params={**filters, "limit": "200", **({"cursor": cursor} if cursor else {})}).json()
        yield from page["items"]
        if (cursor := page["next"]) is None:
            return


def test_every_talk_of_the_autumn_stands_as_calendar_and_records_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = reckoned()
    with trial(tmp_path / "home") as client:
        numbers = {number for number, _week in expected}
        known = {number: client.get("/children", params={"id_number": number}).json()["items"] for number in numbers}
        number_of = {child["id"]: number for number, (child,) in known.items()}
        tasks = list(items(client, "/tasks", programme="education_bureau.weekly_talk"))
    told = {
        (number_of[each["subject_id"]], date.fromisoformat(each["period"].removeprefix("week:"))): each["state"]
        for each in tasks
    }
    differing = sum(expected.get(key) != told.get(key) for key in expected.keys() | told.keys())
    with capsys.disabled():
        print(f"\nautumn tasks={len(tasks)} {dict(sorted(Counter(told.values()).items()))} differing={differing}")
    assert len(tasks) == len(told)
    assert differing == 0
