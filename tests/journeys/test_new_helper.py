"""Nobody is free, and everybody waits; a helper comes, and is matched; one who does not suit is replaced.  Nothing is started anew."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.journeys import county
from tests.journeys.county import COUNSELLOR, FIRST_DAY
from tests.proofs.stack import Stack

from hongzhu.waiting import wait_for

SCHOOLS = 20


@pytest.fixture
def qingxi(tmp_path: Path) -> Path:
    """Write the workbooks of a county of many schools, each of which waits for a counsellor, and nobody to be one."""
    invented = county.invent(seed=2024, schools=SCHOOLS, children=SCHOOLS)
    invented.counsellors = [each for each in invented.counsellors if not each.vetted]
    folder = invented.write(tmp_path / "county")
    invented.write_calendar(folder)
    return folder


@contextmanager
def begun(stack: Stack, folder: Path) -> Iterator[httpx.Client]:
    """Take hongzhu into use with a county's workbooks, and give the bureau's client."""
    stack.stand_on(FIRST_DAY)
    stack.start()
    stack.wait_until_ready()
    with stack.bureau() as bureau:
        stack.approve_programmes(bureau)
        stack.command("import", folder)
        yield bureau


@pytest.mark.timeout(900)  # two installations of many processes on a machine that may be busy
def test_a_helper_who_comes_is_matched_with_whoever_waits_each_school_once(stack: Stack, qingxi: Path) -> None:
    with begun(stack, qingxi) as bureau:
        wait_for("every school to wait", lambda: not stack.waiting() and _states(stack) == {"open": SCHOOLS}, 120)

        add(bureau, "first", 2, "vetted")
        wait_for("the first helper's places to be taken", lambda: _states(stack)["done"] == 2, 60)
        applied = add(bureau, "second", SCHOOLS, "applied")
        wait_for("everything to come to rest", lambda: not stack.waiting(), 60)
        assert _states(stack)["done"] == 2, "nobody is matched unvetted"
        changed = {"status": "vetted"}
        bureau.patch(f"/supporters/{applied}", json=changed, headers={"If-Match": "*"}).raise_for_status()
        wait_for("every school to be served", lambda: _states(stack) == {"done": SCHOOLS}, 120)
        wait_for("everything to come to rest", lambda: not stack.waiting(), 60)
    lasting = stack.rows("registry", "SELECT school_id, count(*) FROM pairing WHERE ended_on IS NULL GROUP BY 1")
    assert Counter(many for _, many in lasting) == {1: SCHOOLS}, "each once"
    assert stack.ledgers_agree()


@pytest.mark.timeout(900)  # likewise
def test_whoever_an_agency_finds_not_to_suit_is_replaced_by_somebody_else(stack: Stack, qingxi: Path) -> None:
    with begun(stack, qingxi) as bureau:
        add(bureau, "first", SCHOOLS, "vetted")
        wait_for("every school to be served", lambda: _states(stack) == {"done": SCHOOLS}, 120)
        second = add(bureau, "second", SCHOOLS, "vetted")
        wait_for("everything to come to rest", lambda: not stack.waiting(), 60)
        made, school = _lasting(stack)[0]
        bureau.post(f"/pairings/{made}/withdraw", json={"reason": "太远"}).raise_for_status()
        wait_for("the school to be served again", lambda: len(_lasting(stack)) == SCHOOLS, 120)
        found = bureau.get("/pairings", params={"school_id": school}).raise_for_status().json()["items"]
    assert [each["supporter_id"] for each in found if each["ended_on"] is None] == [second]


def add(bureau: httpx.Client, name: str, places: int, status: str) -> str:
    """Add a counsellor with so many places; return the id."""
    person = {"kind": "law_counsellor", "name": name, "organisation": "legal_aid", "capacity": places, "status": status}
    return str(bureau.post("/supporters", json=person).raise_for_status().json()["id"])


def _states(stack: Stack) -> Counter[str]:
    tasks = f"SELECT done_on IS NULL, count(*) FROM task WHERE programme = '{COUNSELLOR}' GROUP BY 1"
    return Counter({"open" if waits else "done": many for waits, many in stack.rows("registry", tasks)})


def _lasting(stack: Stack) -> list[tuple[str, str]]:
    return [
        (made, school)
        for made, school in stack.rows("registry", "SELECT id, school_id FROM pairing WHERE ended_on IS NULL")
    ]
