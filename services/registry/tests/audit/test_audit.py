"""The audit: every act and every refusal is one entry, and nobody can change, drop or slip in one unseen."""

import re
from typing import Any

import pytest
from county import TALK, County, token_of
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from hongzhu_registry.audit import service
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.audit.ticks import seal_new
from hongzhu_registry.signed_in import SESSION
from hongzhu_registry.weeks.links import link_to_week


def _entries(county: County, **filters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return list(county.get("auditor", f"/audit?limit=200&{query}")["items"])


def test_a_read_is_one_entry_of_who_what_and_of_whom(county: County) -> None:
    county.get("school", "/children/child-own")
    (entry,) = _entries(county, subject_id="child-own")
    assert (entry["role"], entry["action"], entry["outcome"]) == (
        "school",
        "GET /children/{child_id}",
        "done",
    )


def test_a_list_is_one_entry(county: County) -> None:
    before = len(_entries(county))
    county.get("bureau", "/children")
    after = _entries(county)
    # The look into the audit before is an entry as well.
    assert [each["action"] for each in after[before:]] == ["GET /audit", "GET /children"]


def test_a_refusal_is_an_entry_though_it_looks_like_nothing_there(county: County) -> None:
    assert county.ask("other_school", "GET", "/children/child-own").status_code == 404
    (entry,) = _entries(county, subject_id="child-own")
    assert (entry["role"], entry["outcome"]) == ("school", "denied")


@pytest.mark.parametrize(
    "said",
    [
        "13950000001",
        "350481201001010018",
        "35048120100101001X",
        "350481100101001",
        "350481201001010018%20",
        "No.350481201001010018",
        "%2B8613950000001",
        "13950000001a",
        "139-5000-0001",
        "139%205000%200001",
        "张三",
        "teacher@example.org",
    ],
)
def test_a_persons_number_or_name_asked_for_as_an_id_is_not_kept(sqlite_county: County, said: str) -> None:
    sqlite_county.ask("bureau", "GET", f"/children/{said}")
    sqlite_county.ask("bureau", "GET", "/children/nobody")
    assert [each["subject_id"] for each in _entries(sqlite_county, outcome="denied")] == ["…", "nobody"]


def test_what_was_not_done_is_not_said_to_have_been(county: County) -> None:
    answer = county.ask("bureau", "PATCH", "/children/child-own", {"note": "改"}, If_Match='"999"')
    assert answer.status_code == 412
    assert [each["outcome"] for each in _entries(county, subject_id="child-own")] == ["denied"]


def test_an_id_of_our_own_is_kept_whatever_its_digits_look_like(sqlite_county: County) -> None:
    made = [
        "01a20980-1395-7000-8000-139500000012",
        "11111111-1111-7111-8111-111111111111",
        "school-3504812010",
        "2020-11-23",
    ]
    for each in made:
        sqlite_county.ask("bureau", "GET", f"/children/{each}")
    assert [each["subject_id"] for each in _entries(sqlite_county, outcome="denied")] == made


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("carers", "GET", "/children?id_number=350481201001010018", None, 422),
        ("carers", "GET", "/children?neighbour=1", None, 422),
        ("school", "POST", "/children", {"name": "张文乙", "id_number": "350481201003030012"}, 409),
        ("school", "POST", "/records", {"kind": "talk"}, 422),
        ("school", "PATCH", "/children/child-own", {"note": "改"}, 428),
    ],
    ids=["a filter out of sight", "no such filter", "held elsewhere", "not as it should be", "unconditional"],
)
def test_whoever_learns_something_from_a_refusal_is_written_down(
    county: County, who: str, method: str, path: str, body: Any, status: int
) -> None:
    if status == 409:
        elsewhere = body | {"school_id": "school-other"}
        assert county.ask("bureau", method, path, elsewhere).status_code == 201
    before = len(_entries(county))
    assert county.ask(who, method, path, body).status_code == status
    entries = _entries(county)[before + 1 :]  # the look into the audit before is an entry as well
    assert [(each["account_id"], each["outcome"]) for each in entries] == [(f"account-{who}", "denied")]
    assert "350481" not in str(entries)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/children/child-own/transfer", {"school_id": "nowhere"}),
        (f"/w/{{link}}/{TALK}", {"child": "child-own", "occurred_on": "2020-11-23"}),
        ("/w/{link}/account", {"username": "bureau", "password": "a new password for me"}),
    ],
)
def test_what_a_page_refuses_beside_its_form_is_a_refusal(county: County, path: str, sent: dict[str, str]) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    before = len(_entries(county))
    link = link_to_week("teacher-own").rpartition("/")[2]
    assert county.http.post(path.format(link=link), data=sent).status_code in (409, 422)
    assert [each["outcome"] for each in _entries(county)[before + 1 :]] == ["denied"]


def test_a_breakdown_of_the_database_is_no_refusal(sqlite_county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    away = OperationalError("SELECT", {}, Exception("gone"))

    def fail(*_: object, **__: object) -> None:
        raise away

    monkeypatch.setattr("hongzhu_registry.children.queries.filtered", fail)
    assert sqlite_county.ask("bureau", "GET", "/children?grade=3").status_code == 503
    assert _entries(sqlite_county) == []


def test_only_the_bureau_and_the_auditor_read_it(county: County) -> None:
    assert county.ask("school", "GET", "/audit").status_code == 404
    assert county.ask("auditor", "GET", "/children").status_code == 404


def _sealed(county: County) -> None:
    for _ in range(5):
        county.get("school", "/children/child-own")
        seal_new()


def test_the_chain_holds_when_nobody_touched_it(county: County) -> None:
    _sealed(county)
    verdict = service.verify()
    assert verdict.sealed >= 5
    assert verdict.broken_at is None
    assert seal_new() == 0


@pytest.mark.parametrize("harm", ["change", "drop the middle", "drop the end", "move", "slip in"])
def test_any_harm_to_the_chain_is_found(county: County, harm: str) -> None:
    _sealed(county)
    with county.as_owner() as session:  # the registry's own account could not
        last = service.verify().sealed
        at = AuditEntry.position
        match harm:
            case "change":
                session.execute(update(AuditEntry).where(at == 2).values(outcome="denied"))
            case "drop the middle":
                session.execute(delete(AuditEntry).where(at == 2))
            case "drop the end":
                session.execute(delete(AuditEntry).where(at == last))
            case "move":
                session.execute(update(AuditEntry).where(at == 2).values(position=None, seal=None))
            case "slip in":
                false_entry = session.scalars(select(AuditEntry).where(at == 2)).one()
                session.execute(update(AuditEntry).where(at == 2).values(position=-1))
                session.add(
                    AuditEntry(
                        at=false_entry.at,
                        account_id="nobody",
                        role="bureau",
                        action=false_entry.action,
                        outcome="done",
                        position=2,
                        seal=false_entry.seal,
                    )
                )
    assert service.verify().broken_at is not None


def test_an_end_that_was_cut_off_is_missed_though_the_chain_has_grown_past_it(county: County) -> None:
    _sealed(county)
    with county.as_owner() as session:
        last = service.verify().sealed
        session.execute(delete(AuditEntry).where(AuditEntry.position == last))
    county.get("school", "/children/child-own")
    assert seal_new() == 1  # it takes the place of what is gone
    county.get("school", "/children/child-own")
    seal_new()
    assert service.verify().broken_at == last


def test_two_sealers_at_once_leave_one_chain(county: County) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for _ in range(3):
        for _ in range(4):
            county.get("school", "/children/child-own")
        with ThreadPoolExecutor(2) as sealers:
            list(sealers.map(lambda _: seal_new(), range(4)))
    verdict = service.verify()
    assert (verdict.broken_at, verdict.unsealed) == (None, 0)


def _page(county: County, who: str, query: str) -> list[tuple[str, str]]:
    """Read the page's entries: what was done, and of what."""
    county.http.cookies.set(SESSION, token_of(who))
    page = county.http.get(f"/audit?{query}").text
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    return [
        (re.findall(r"<span title=\"(.*?)\">", row)[0], "".join(re.findall(r"subject_id=.*?>(.*?)</a>", row)))
        for row in rows
    ]


def test_the_page_narrows_to_what_is_spoken_of_and_names_it_to_whoever_may_read_its_name(sqlite_county: County) -> None:
    sqlite_county.get("school", "/children/child-own")
    sqlite_county.get("school", "/schools/school-own")
    assert _page(sqlite_county, "bureau", "about=children") == [("GET /children/{child_id}", "孩子-own")]
    assert _page(sqlite_county, "auditor", "about=children") == [("GET /children/{child_id}", "只看此对象")]
    assert _page(sqlite_county, "bureau", "about=schools") == [("GET /schools/{school_id}", "school-own小学")]
    assert _page(sqlite_county, "auditor", "about=nonsense") == []
