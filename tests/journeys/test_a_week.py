"""A county's first week with hongzhu: workbooks in, a mail to each teacher, a form filed, the task closed everywhere."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, TALK, County, Task
from tests.journeys.people import file_for_everybody, mail_server
from tests.proofs.stack import Stack

from hongzhu.waiting import wait_for

WEEK = FIRST_DAY.replace(day=13)


@pytest.fixture
def qingxi(tmp_path: Path) -> County:
    """Invent a county and write its workbooks to ``county/``."""
    invented = county.invent(seed=2023, schools=4, children=40)
    invented.write(tmp_path / "county")
    invented.write_calendar(tmp_path / "county")
    return invented


def test_a_week_from_the_workbooks_to_the_closed_task(stack: Stack, qingxi: County, tmp_path: Path) -> None:
    with mail_server() as mailbox:
        stack.common |= {"HONGZHU_CHANNELS": '["inbox", "smtp"]', "HONGZHU_SMTP_URL": mailbox.url}
        stack.stand_on(FIRST_DAY)
        stack.start()
        stack.wait_until_ready()

        imported = json.loads(stack.command("import", "--json", tmp_path / "county").splitlines()[-1])
        assert imported["rejected"] == []
        assert imported["accepted"]["children"] == len(qingxi.children)

        bureau = stack.bureau()
        stack.approve_programmes(bureau)
        owed = qingxi.owed(FIRST_DAY, FIRST_DAY, talked=())
        wait_for("everybody to be told", lambda: _all_told(stack, qingxi, mailbox.told))
        wait_for("every school to have a counsellor", lambda: _ledger(bureau) == owed, 60)

        # A teacher opens the mail, follows its link, and files the talks with the whole class.
        teacher, talked = next(
            (teller, children)
            for children in qingxi.classes(WEEK).values()
            if (teller := qingxi.teller(children[0])) and teller.grade
        )
        assert file_for_everybody(mailbox.link(teacher.email)) == len(talked)
        done = {Task(TALK, child.name, f"week:{WEEK}"): "done" for child in talked}
        assert _ledger(bureau) == owed | done, "what was filed shows at once"
        wait_for("the scheduler to hear of it", lambda: not stack.waiting() and stack.ledgers_agree())
        closed = stack.rows("scheduler", f"SELECT closed_state FROM occurrence WHERE programme = '{TALK}'")
        assert sorted(state or "" for (state,) in closed).count("done") == len(talked)

        # Planning the day again issues nothing, and tells nobody twice.
        assert json.loads(stack.command("plan", "--date", str(FIRST_DAY), "--json"))["issued"] == 0
        wait_for("everything to come to rest", lambda: not stack.waiting())
        assert _ledger(bureau) == owed | done
        assert mailbox.told == sorted(qingxi.told(WEEK))
        assert stack.ledgers_agree()
        bureau.close()


def test_up_stops_within_five_seconds_of_ctrl_c(embedded: Stack) -> None:
    embedded.stand_on(FIRST_DAY)
    embedded.start()
    embedded.wait_until_ready()
    took = embedded.stop(signal.SIGINT)
    assert max(took.values()) < 5, took


def _all_told(stack: Stack, qingxi: County, told: list[str]) -> bool:
    stack.revive()
    return told == sorted(qingxi.told(WEEK)) and not stack.waiting()


def _ledger(bureau: httpx.Client) -> dict[Task, str]:
    names = {each["id"]: each["name"] for path in ("/children", "/schools") for each in _items(bureau, path)}
    return {
        Task(each["programme"], names[each["subject_id"]], each["period"]): each["state"]
        for each in _items(bureau, "/tasks")
    }


def _items(bureau: httpx.Client, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = bureau.get(path, params={"limit": "200", **cursor}).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}
