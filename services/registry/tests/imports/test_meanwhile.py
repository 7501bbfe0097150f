"""What others do while a roster is taken in is neither undone nor lost."""

from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Any

import pytest
from county import County
from rosters import hand_in, id_number, line
from sqlalchemy import select, update

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.children.models import Child, ChildChange
from hongzhu_registry.database import database
from hongzhu_registry.imports import children as imports
from hongzhu_registry.retention.ticks import anonymise_due
from hongzhu_registry.sealing import key_ring

NEW_HOUSE = {"户籍地址": "永安市新路2号"}


def child_of(order: int) -> Any:
    with database.transaction() as session:
        index = key_ring().index(id_number(order), "child")
        return session.execute(select(Child.__table__).where(Child.id_number_index == index)).one()


def transferred(county: County, child_id: str) -> int:
    return county.ask("bureau", "POST", f"/children/{child_id}/transfer", {"school_id": "school-other"}).status_code


def before_locking(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Lets something happen after an import has seen who is known, and before it has them to itself."""
    real = imports._known

    def meanwhile(*args: Any, lock: bool = False) -> Any:
        if lock:
            act()
        return real(*args, lock=lock)

    monkeypatch.setattr(imports, "_known", meanwhile)


def test_whoever_changes_a_child_while_its_row_is_taken_in_waits_and_then_has_his_way(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(a=[line(1)])
    child_id = child_of(1).id
    answers: list[int] = []

    def act() -> None:
        answer = county.ask("bureau", "PATCH", f"/children/{child_id}", {"note": "待核实"}, If_Match="*")
        answers.extend((answer.status_code, transferred(county, child_id)))

    other, real = Thread(target=act), imports.changes.known

    def meanwhile(*args: Any) -> Any:
        known = real(*args)
        other.start()
        other.join(0.5)
        return known

    monkeypatch.setattr(imports.changes, "known", meanwhile)
    assert hand_in(a=[line(1, **NEW_HOUSE)]).changed["children"] == 1
    other.join()
    assert answers == [200, 201]
    child = child_of(1)
    assert (child.note, child.school_id) == ("待核实", "school-other")
    assert key_ring().open(child.address, "child", "address", child.id) == NEW_HOUSE["户籍地址"]
    with database.transaction() as session:
        versions = session.scalars(select(ChildChange.version).order_by(ChildChange.version)).all()
    assert versions == [2, 3, 4] == list(range(2, child.version + 1)), "each act is a version of its own"


def test_whoever_ends_a_pairing_that_a_roster_is_ending_waits_and_is_told_that_it_is_over(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(a=[line(1)])
    [pairing] = county.get("bureau", f"/pairings?child_id={child_of(1).id}&kind=proxy_parent")["items"]
    answers: list[int] = []

    def act() -> None:
        sent = {"ended_on": "2020-11-20"}
        answers.append(county.ask("bureau", "PATCH", f"/pairings/{pairing['id']}", sent, If_Match="*").status_code)

    other, real = Thread(target=act), imports.changes.known

    def meanwhile(*args: Any) -> Any:
        known = real(*args)
        other.start()
        other.join(0.5)
        return known

    monkeypatch.setattr(imports.changes, "known", meanwhile)
    hand_in(a=[line(1, 代理家长="陈新")])
    other.join()
    assert answers == [409]
    assert county.get("bureau", f"/pairings/{pairing['id']}")["ended_on"] == str(MONDAY)


@pytest.mark.postgres
def test_a_child_given_away_just_before_its_row_is_taken_in_stays_there(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(a=[line(1)])
    child_id = child_of(1).id
    before_locking(monkeypatch, lambda: transferred(postgres_county, child_id))
    result = hand_in(a=[line(1, **NEW_HOUSE)])
    assert (result.changed["children"], result.elsewhere["children"]) == (0, 1)
    assert child_of(1).school_id == "school-other"


@pytest.mark.postgres
def test_a_dossier_made_anonymous_meanwhile_stays_so_and_the_row_opens_another(
    postgres_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(a=[line(1)])
    child_id = child_of(1).id
    assert (
        postgres_county.ask("bureau", "POST", f"/children/{child_id}/leave", {"reason": "graduated"}).status_code == 201
    )
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id == child_id).values(retention_ends=date(2020, 1, 1)))
    before_locking(monkeypatch, anonymise_due)
    result = hand_in(a=[line(1, **NEW_HOUSE)])
    assert (result.accepted["children"], result.changed["children"]) == (1, 0)
    assert child_of(1).id != child_id
    anonymous = postgres_county.get("bureau", f"/children/{child_id}")
    assert [anonymous[name] for name in ("name", "id_number", "address", "family")] == ["", None, None, {}]
