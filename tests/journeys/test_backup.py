"""An installation in use is backed up and goes on elsewhere as if nothing had happened, on both stacks."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from tests.journeys import county
from tests.journeys.county import FIRST_DAY, County, Task
from tests.journeys.people import mail_server
from tests.proofs.servers import wait_for
from tests.proofs.stack import SERVICES, VHOST, Distributed, Embedded, Stack

WEEK = FIRST_DAY.replace(day=13)
TOLD = '["inbox", "smtp"]'


@pytest.fixture
def qingxi(tmp_path: Path) -> County:
    """Invent a county and write its workbooks to ``county/``."""
    invented = county.invent(seed=4711, schools=4, children=40)
    invented.write(tmp_path / "county")
    invented.write_calendar(tmp_path / "county")
    return invented


@pytest.mark.timeout(900)
def test_an_installation_in_use_goes_on_elsewhere_from_where_it_was_backed_up(
    stack: Stack, qingxi: County, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    with mail_server(most=3) as mailbox:
        stack.common |= {"HONGZHU_CHANNELS": TOLD, "HONGZHU_SMTP_URL": mailbox.url}
        stack.stand_on(FIRST_DAY)
        stack.start()
        stack.wait_until_ready()
        stack.command("import", tmp_path / "county")
        with stack.bureau() as bureau:
            stack.approve_programmes(bureau)
        wait_for("the first to be told", lambda: len(mailbox.told) == 3)
        stack.command("backup", archive)  # in the middle of it: some are told, others not yet
        stack.stop()
    told = json.loads(ZipFile(archive).read("manifest.json"))

    elsewhere = _elsewhere(stack, tmp_path / "elsewhere")
    elsewhere.command("restore", archive, *(["--replace"] if isinstance(stack, Distributed) else []))
    kept = {name: _counted(elsewhere, name, told["databases"][name]["rows"]) for name in SERVICES}
    assert kept == {name: told["databases"][name]["rows"] for name in SERVICES}, "as many rows as there were"
    assert (elsewhere.home / "clock-offset-days").read_text() == (stack.home / "clock-offset-days").read_text()
    if isinstance(elsewhere, Distributed):
        _see_rights_and_queues(elsewhere)

    begun = [row[0] for row in elsewhere.rows("notifier", _MAILED)]  # sent, or nobody knows
    with mail_server() as mailbox:
        elsewhere.common |= {"HONGZHU_CHANNELS": TOLD, "HONGZHU_SMTP_URL": mailbox.url}
        elsewhere.start()
        try:
            elsewhere.wait_until_ready()
            owed = qingxi.owed(FIRST_DAY, FIRST_DAY, talked=())
            wanted = qingxi.told(WEEK)
            wait_for("everybody to be told", lambda: len(begun) + len(mailbox.told) >= len(wanted))
            with elsewhere.bureau() as bureau:
                wait_for("all that is owed", lambda: not elsewhere.waiting() and _ledger(elsewhere, bureau) == owed)
            wait_for("the ledgers to agree", elsewhere.ledgers_agree)
            elsewhere.command("audit", "verify")
            names = dict(elsewhere.rows("registry", "SELECT id, name FROM supporter"))
            twice = elsewhere.rows("scheduler", _TWICE)
        finally:
            elsewhere.stop()
    addresses = {teacher.name: teacher.email for teacher in qingxi.teachers}
    mailed = Counter([addresses[names[each]] for each in begun] + mailbox.told)
    lost = len(wanted - set(mailed))
    dup = mailed.total() - len(mailed) + len(twice)
    print(f"backup of {type(stack).__name__.lower()}: expected={len(wanted)} before={len(begun)} {lost=} {dup=}")
    assert (lost, dup) == (0, 0)
    assert 0 < len(begun) < len(wanted), "the backup was made in the middle of it"


_MAILED = "SELECT recipient_id FROM delivery WHERE channel = 'smtp'"
_TWICE = "SELECT programme, subject_id, period FROM occurrence GROUP BY 1, 2, 3 HAVING count(*) > 1"


def _elsewhere(stack: Stack, folder: Path) -> Stack:
    """An installation with the same secrets and nothing else of the first."""
    if isinstance(stack, Distributed):
        shutil.copytree(stack.secrets, folder / "secrets")
        return Distributed(folder, stack.servers)
    made = Embedded(folder)
    shutil.copytree(stack.home / "secrets", made.home / "secrets")
    return made


def _counted(stack: Stack, service: str, tables: dict[str, int]) -> dict[str, int]:
    return {name: stack.rows(service, f'SELECT count(*) FROM "{name}"')[0][0] for name in tables}


def _ledger(stack: Stack, bureau: httpx.Client) -> dict[Task, str]:
    names = dict(stack.rows("registry", "SELECT id, name FROM child UNION ALL SELECT id, name FROM school"))
    items: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = bureau.get("/tasks", params={"limit": "200", "cursor": page["next"]}).raise_for_status().json()
        items += page["items"]
    return {Task(each["programme"], names[each["subject_id"]], each["period"]): each["state"] for each in items}


def _see_rights_and_queues(elsewhere: Distributed) -> None:
    """A service may do there what it may do everywhere and no more, and nothing waits that was said later than the backup."""
    may = {
        right: elsewhere.rows("registry", f"SELECT has_table_privilege('hongzhu_registry', 'audit_entry', '{right}')")
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
    }
    assert {right for right, rows in may.items() if rows[0][0]} == {"SELECT", "INSERT"}
    walls = elsewhere.rows("registry", "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'child'")
    assert walls == [(True,)]
    queues = elsewhere.servers.rabbitmq.ask("GET", f"/queues/{VHOST}")
    assert {each["name"]: each.get("messages", 0) for each in queues if each.get("messages")} == {}
