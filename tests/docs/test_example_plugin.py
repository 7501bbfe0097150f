"""The plugin that docs/write-a-plugin.md shows does what the page says, against the registry's own API."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import date
from threading import Event

import hongzhu_city_library
import httpx
import pytest
import uvicorn

from hongzhu import clock, installation
from hongzhu.messages import TaskDue
from hongzhu.plugin_contract import broken
from hongzhu.plugin_worker import PluginWorker
from hongzhu.settings import settings
from hongzhu.testing.databases import Configure
from hongzhu.testing.workers import MakeWorker

MONDAY = date(2020, 11, 23)


@pytest.fixture
def worker(plugin_worker: MakeWorker) -> PluginWorker:
    return plugin_worker(hongzhu_city_library)


@pytest.fixture
def registry(configure: Configure) -> Iterator[None]:
    """The registry's web application on a database of its own, which knows the agency's token."""
    from hongzhu_registry.app import make_app
    from hongzhu_registry.sealing import key_ring
    from hongzhu_registry.service import service

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configure(registry_url=f"http://127.0.0.1:{port}", port=port)
    installation.set_up_embedded(settings().secrets, ["city_library"])
    settings.cache_clear()
    key_ring.cache_clear()
    clock.stand_on(MONDAY)
    service.migrate()
    server = uvicorn.Server(uvicorn.Config(make_app(), port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()
    service.database.engine.dispose()
    key_ring.cache_clear()


def run_once(worker: PluginWorker) -> None:
    """Let the worker make itself known and catch up."""
    (work,) = worker.threads(Event())
    work()


def test_it_keeps_the_contract() -> None:
    assert list(broken("city_library", hongzhu_city_library)) == []


@pytest.mark.usefixtures("registry")
def test_its_programmes_wait_for_approval_and_then_its_schools_get_their_reading_friend(worker: PluginWorker) -> None:
    from hongzhu_registry.access.service import open_account
    from hongzhu_registry.database import database
    from hongzhu_registry.schools.models import School
    from hongzhu_registry.supporters.models import Supporter
    from hongzhu_registry.tasks.consumers import on_task_due

    run_once(worker)
    with database.transaction() as session:
        open_account(session, "bureau", "bureau", password="invented")
        facts = {"version": 1, "entered_on": MONDAY}
        session.add_all(School(id=each, name=each, stage="primary", **facts) for each in ("s1", "s2", "s3"))
        session.add_all(
            Supporter(
                id=each, identity=each, content_hash="", organisation="图书馆", kind="other", name=each, vetted=True
            )
            for each in ("v1", "v2")
        )
    signed_in = {"username": "bureau", "password": "invented"}
    token = httpx.post(f"{settings().registry_url}/api/v1/token", data=signed_in).json()["access_token"]
    bureau = httpx.Client(
        base_url=f"{settings().registry_url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    with bureau:
        declared = bureau.get("/programmes").json()["items"]
        assert {each["code"]: each["status"] for each in declared} == {
            "city_library.reading_friend": "proposed",
            "city_library.reading_hour": "proposed",
        }
        for each in declared:
            assert bureau.post(f"/programmes/{each['code']}/approve", json={}).status_code == 200
        with database.transaction() as session:
            for school in ("s1", "s2", "s3"):
                on_task_due(session, _due(school))
        run_once(worker)
        run_once(worker)  # what is owed to s3 stays owed, and nobody is paired twice
        paired = bureau.get("/pairings", params={"kind": "reading_friend"}).json()["items"]
        states = {each["subject_id"]: each["state"] for each in bureau.get("/tasks").json()["items"]}
    assert (
        len({each["school_id"] for each in paired})
        == len({each["supporter_id"] for each in paired})
        == len(paired)
        == 2
    )
    assert sorted(states.values()) == ["done", "done", "due"]


def _due(school: str) -> TaskDue:
    return TaskDue(
        programme="city_library.reading_friend",
        version=1,
        period=f"since:{MONDAY}",
        period_start=MONDAY,
        school_id=school,
        subjects=(school,),
        opens_on=MONDAY,
        due_on=date(2020, 12, 7),
    )
