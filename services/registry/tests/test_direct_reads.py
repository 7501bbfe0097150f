"""What is asked all day goes past the framework and comes to the same."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from county import PEOPLE, County, token_of
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from hongzhu_registry import rest
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.body_size import MOST

pytestmark = pytest.mark.postgres

ASKED = (
    "/children",
    "/children?limit=2",
    "/children?limit=1&cursor=child-mate",
    "/children?cursor=child-own",
    "/children?cursor=",
    "/children?limit=200",
    "/children?limit=0",
    "/children?limit=201",
    "/children?limit=٣",
    "/children?limit=x",
    "/children?limit=2&limit=1",
    "/children?grade=3",
    "/children?no=such",
    "/children/child-own",
    "/children/child-other",
    "/children/child-far",
    "/children/nobody",
    "/children/child-own?limit=1",
    "/children/nobody%00",
    "/children/nobody%2Fchild-own",
    "/children/%E6%9D%8E",
    "/children/",
)


@pytest.fixture
def crowded(fresh_county: Callable[[str], County]) -> County:
    return fresh_county("postgresql")


def by_the_framework(county: County) -> TestClient:
    """Give a client of an application that does not run, and has no connections for direct reads."""
    return TestClient(county.http.app, raise_server_exceptions=False)


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    return answer.status_code, answer.content, dict(answer.headers)


def entries(county: County) -> list[dict[str, Any]]:
    with county.as_owner() as session:
        columns = [AuditEntry.__table__.c[name] for name in ("account_id", "role", "action", "subject_id", "outcome")]
        return [dict(row) for row in session.execute(select(*columns).order_by(AuditEntry.id)).mappings()]


@pytest.mark.parametrize("path", ASKED)
def test_everybody_is_told_and_the_audit_keeps_what_the_framework_would_have_said(crowded: County, path: str) -> None:
    for who in (*PEOPLE, None):
        header = {"Authorization": f"Bearer {token_of(who)}"} if who else {}
        before = len(entries(crowded))
        directly = crowded.http.get(f"/api/v1{path}", headers=header)
        between = len(entries(crowded))
        slowly = by_the_framework(crowded).get(f"/api/v1{path}", headers=header)
        assert told(directly) == told(slowly), who
        kept = entries(crowded)
        assert kept[before:between] == kept[between:], who


@pytest.mark.parametrize("path", ["/children", "/children?limit=1&cursor=child-mate", "/children/child-own"])
@pytest.mark.parametrize("who", ["bureau", "school", "teacher"])
def test_they_never_reach_the_framework(crowded: County, monkeypatch: pytest.MonkeyPatch, who: str, path: str) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("by the framework")

    monkeypatch.setattr(rest, "_carry_out", fail)
    assert crowded.ask(who, "GET", path).status_code == 200
    assert crowded.ask(who, "GET", f"{path}{'&' if '?' in path else '?'}grade=3").status_code == 500


def test_what_goes_wrong_directly_is_answered_by_the_framework(crowded: County) -> None:
    with crowded.as_owner() as session:
        wanted = crowded.ask("school", "GET", "/children").json()
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
        ended = f"SELECT count(pg_terminate_backend(pid, 10000)) {others}"  # which waits until each has ended
        name = session.scalar(text("SELECT current_database()"))
        assert session.scalar(text(ended), {"name": name}) > 0
    assert crowded.ask("school", "GET", "/children").json() == wanted


def test_how_much_may_be_sent_is_seen_to_as_ever(crowded: County) -> None:
    header = {"Authorization": f"Bearer {token_of('school')}"}
    before = entries(crowded)
    for path in ("/children", "/children/child-own"):
        sent = crowded.http.request("GET", f"/api/v1{path}", headers=header, content=b" " * (MOST + 1))
        assert sent.status_code == 413
    assert entries(crowded) == before


def test_a_token_that_ended_opens_nothing_at_once(crowded: County) -> None:
    assert crowded.ask("school", "GET", "/children/child-own").status_code == 200
    crowded.ask("school", "DELETE", "/token")
    assert crowded.ask("school", "GET", "/children/child-own").status_code == 401
