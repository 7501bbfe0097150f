"""When a dossier's time is over, who it was is gone, and that somebody was there stays."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from county import ADDRESS, IDENTITY_NUMBERS, TALK, County, child, of_task, supporter
from sqlalchemy import event, func, select, update

from hongzhu import clock
from hongzhu.clock import now
from hongzhu.messages import Evidence
from hongzhu_registry.audit.models import AuditEntry
from hongzhu_registry.children.models import Child, ChildChange, Relative, RosterEntry
from hongzhu_registry.consents.models import Consent
from hongzhu_registry.database import database, metadata
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.evidence.models import EvidenceChange
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.retention import service
from hongzhu_registry.retention.ticks import anonymise_due
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.tasks.models import Task

LAST_DAY = date(2020, 11, 22)
SECRET = "赵念慈的秘密"
NAMES = ("赵念慈", "赵爸爸", SECRET)
COUNTED = ("school_id", "sex", "grade", "in_poverty")


def furnish_past(*child_ids: str) -> None:
    """Fills dossiers with what must go, ended by yesterday."""
    with database.transaction() as session:
        for number, each in enumerate(child_ids):
            if session.get(Child, each) is None:
                session.add(child(each, "school-own", f"{number:018}", disability="肢体"))
                session.flush()
            session.execute(
                update(Child)
                .where(Child.id == each)
                .values(
                    name="赵念慈",
                    note=SECRET,
                    health=SECRET,
                    disability="肢体",
                    ethnicity="畲族",
                    born_on=date(2010 - number % 3, 5, 17),
                    left_on=date(2017, 9, 1),
                    retention_ends=LAST_DAY,
                )
            )
            phone = key_ring().seal("13950000008", "relative", "phone.father", each)
            session.add(Relative(child_id=each, role="father", name="赵爸爸", phone=phone))
            session.add(RosterEntry(child_id=each, school_id="school-own", said={}, file="赵念慈.xlsx"))
            session.add(
                ChildChange(
                    child_id=each, version=1, at=now(), source="import:赵念慈.xlsx", fields={"name": ["赵念慈", SECRET]}
                )
            )
            session.add(
                Record(
                    id=f"r-{each}",
                    kind="talk",
                    school_id="school-own",
                    occurred_on=LAST_DAY,
                    data={"note": SECRET},
                    filed_at=now(),
                )
            )
            session.flush()
            evidence.file(session, [Evidence(id=f"r-{each}", kind="talk", subject_id=each, done_on=LAST_DAY)])
            mine = {"child_id": each, "school_id": "school-own"}
            session.add(Referral(id=f"f-{each}", **mine, organisation="关爱会", cause=SECRET, referred_on=LAST_DAY))
            session.add(Enrolment(id=f"e-{each}", **mine, kind="after_school", note=SECRET))


def counts() -> Any:
    columns = [Child.__table__.c[name] for name in COUNTED]
    disabled = Child.disability.is_not(None)
    with database.transaction() as session:
        rows = session.execute(select(*columns, disabled, func.count()).group_by(*columns, disabled)).all()
        return sorted(map(tuple, rows), key=str)


def everything_about(child_ids: Iterable[str]) -> str:
    """Returns every row of every table that names one of the children, as text."""
    ids = list(child_ids)
    found: list[str] = []
    with database.transaction() as session:
        for table in metadata.tables.values():
            for row in session.execute(select(table)).mappings():
                if any(each in str(dict(row)) for each in ids):
                    found.append(str(dict(row)))
    return "\n".join(found)


def test_after_its_time_nothing_tells_who_it_was_and_every_count_is_as_before(county: County) -> None:
    furnish_past("child-own", "gone-1", "gone-2")
    before = counts()
    assert SECRET in everything_about(["gone-1"])
    assert anonymise_due() == 3
    left = everything_about(["child-own", "gone-1", "gone-2"])
    for word in (*NAMES, IDENTITY_NUMBERS["child-own"], ADDRESS, "13950000008", "畲族", "肢体", "-05-17"):
        assert word not in left, word
    assert counts() == before
    with database.transaction() as session:
        row = session.get_one(Child, "gone-1")
        assert (row.id_number, row.id_number_index, row.address, row.born_on) == (None, None, None, date(2009, 1, 1))
        assert session.scalar(select(func.count()).where(Relative.child_id.in_(["child-own", "gone-1"]))) == 0
        assert session.get_one(Record, "r-gone-1").data == {}
        (change,) = session.scalars(select(ChildChange).where(ChildChange.child_id == "gone-1"))
        assert (change.fields, change.source) == ({}, "import")
    timeline = county.get("bureau", "/children/gone-1/timeline")["items"]
    assert {each["kind"] for each in timeline} == {"entered", "changed", "record", "referral", "enrolment"}


def test_only_what_is_over_is_made_anonymous_each_once_and_each_is_in_the_audit(county: County) -> None:
    furnish_past("child-own", "gone-1")
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id == "gone-1").values(retention_ends=clock.today()))
    assert anonymise_due() == 1  # today is the last day of the other
    assert anonymise_due() == 0
    with database.transaction() as session:
        assert session.get_one(Child, "gone-1").name == "赵念慈"
        written = session.execute(
            select(AuditEntry.subject_id, AuditEntry.role, AuditEntry.outcome).where(AuditEntry.action == "anonymise")
        ).all()
    assert [tuple(each) for each in written] == [("child-own", "clock", "done")]


def test_what_a_record_says_stays_as_long_as_it_is_about_somebody_in_clear(county: County) -> None:
    furnish_past("child-own")
    with database.transaction() as session:
        evidence.file(session, [Evidence(id="r-child-own", kind="talk", subject_id="child-mate", done_on=LAST_DAY)])
    assert anonymise_due() == 1
    with database.transaction() as session:
        assert session.get_one(Record, "r-child-own").data == {"note": SECRET}
        session.execute(update(Child).where(Child.id == "child-mate").values(left_on=LAST_DAY, retention_ends=LAST_DAY))
    assert anonymise_due() == 1
    with database.transaction() as session:
        assert session.get_one(Record, "r-child-own").data == {}


def test_an_anonymous_dossier_takes_nothing_more_and_can_be_exported_by_nobody(county: County) -> None:
    furnish_past("child-own")
    anonymise_due()
    answer = county.ask("bureau", "PATCH", "/children/child-own", {"name": "赵念慈"}, If_Match="*")
    assert answer.status_code == 409
    for what, sent in (
        ("return", {}),
        ("consent", {"basis": "statutory_duty"}),
        ("transfer", {"school_id": "school-other"}),
    ):
        assert county.ask("bureau", "POST", f"/children/child-own/{what}", sent).status_code == 409
    assert county.ask("bureau", "GET", "/children/child-own/export").status_code == 404


def test_no_words_come_into_a_record_any_more_when_all_whom_it_is_about_are_anonymous(county: County) -> None:
    furnish_past("child-own")
    anonymise_due()
    record = county.get("bureau", "/records/r-child-own")
    photo = {"image": "aGVq"}
    said = {"data": {"topic": "学习|Learning", "note": SECRET}}
    assert county.ask("bureau", "PATCH", "/records/r-child-own", said, If_Match="*").status_code == 409
    assert county.ask("bureau", "PUT", "/photos/r-child-own", photo).status_code == 409
    assert county.get("bureau", "/records/r-child-own") == record
    withdrawn = county.ask("bureau", "POST", "/records/r-child-own/withdraw", {"reason": SECRET})
    assert (withdrawn.status_code, withdrawn.json()["withdrawn_on"]) == (201, str(clock.today()))
    with database.transaction() as session:
        assert session.scalars(select(EvidenceChange.reason)).all() == [None]


def test_what_is_said_of_a_child_made_anonymous_is_done_and_not_kept(county: County) -> None:
    """A referral is declined, a task excused and a report answered: none of it can wait, and nobody reads why later."""
    furnish_past("child-own")
    anonymise_due()
    why = {"reason": SECRET}
    task = of_task(TALK, "child-own")
    assert county.ask("bureau", "POST", "/referrals/f-child-own/decline", why).json()["state"] == "declined"
    assert county.ask("bureau", "POST", f"/tasks/{task}/excuse", why).json()["state"] == "excused"
    answer = {"outcome": "unfounded", "note": SECRET}
    answered = county.ask("protection", "POST", "/mandatory_reports/report-own/answer", answer)
    assert (answered.status_code, answered.json()["what"], answered.json()["note"]) == (200, None, None)
    assert county.get("bureau", "/referrals/f-child-own")["reason"] is None
    with database.transaction() as session:
        [excused] = session.scalars(select(Task.excuse_id).where(Task.id == task))
        assert session.get_one(Excuse, excused).reason is None


def test_why_something_was_taken_back_is_kept_of_those_in_clear_alone(county: County) -> None:
    furnish_past("child-own")
    with database.transaction() as session:
        evidence.file(session, [Evidence(id="r-child-own", kind="talk", subject_id="child-mate", done_on=LAST_DAY)])
    anonymise_due()
    assert county.ask("bureau", "POST", "/records/r-child-own/withdraw", {"reason": SECRET}).status_code == 201
    with database.transaction() as session:
        changes = session.execute(select(EvidenceChange.subject_id, EvidenceChange.reason.is_not(None)))
        assert {tuple(each) for each in changes} == {("child-own", False), ("child-mate", True)}


def test_many_dossiers_take_no_more_statements_than_few(county: County) -> None:
    def statements(*ids: str) -> int:
        furnish_past(*ids)
        seen: list[str] = []
        with database.transaction() as session:
            connection = session.connection()
            event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
            assert service.anonymise_some(session) == len(ids)
        return len(seen)

    few = statements("few-1", "few-2", "few-3")
    assert statements(*(f"many-{number}" for number in range(60))) == few


def test_the_clock_leaves_a_child_that_is_here_alone_and_whose_time_is_over_is_listed_until_somebody_says_it_left(
    county: County,
) -> None:
    with database.transaction() as session:
        day = date(2017, 11, 22)
        held = {"basis": "guardian_consent", "text_version": 1, "given_on": day, "recorded_by": "account-school"}
        session.add(Consent(child_id="child-own", withdrawn_on=day, withdrawal_recorded_on=day, **held))
        values = {"basis": "withdrawn", "retention_ends": LAST_DAY}
        session.execute(update(Child).where(Child.id == "child-own").values(values))
    assert anonymise_due() == 0
    assert county.get("school", "/children/child-own")["name"] != ""
    for over, listed in (("true", ["child-own"]), ("false", ["child-mate", "child-other"])):
        found = county.get("bureau", f"/children?retention_over={over}")["items"]
        assert [each["id"] for each in found] == listed
    left = county.ask("bureau", "POST", "/children/child-own/leave", {"reason": "other"})
    assert left.status_code == 201
    assert county.get("bureau", "/children/child-own")["retention_ends"] == "2020-12-23", (
        "there is a month in which it can be undone"
    )
    assert anonymise_due() == 0
    clock.stand_on(date(2020, 12, 23))
    assert anonymise_due() == 0
    clock.stand_on(date(2020, 12, 24))
    assert anonymise_due() == 1
    assert county.get("bureau", "/children?retention_over=true")["items"] == []


def test_nobody_helps_a_child_any_more_whose_dossier_was_made_anonymous(county: County) -> None:
    sent = {"kind": "proxy_parent", "supporter_id": "teacher-too", "child_id": "child-own"}
    assert county.ask("school", "POST", "/pairings", sent).status_code == 201
    furnish_past("child-own")
    assert anonymise_due() == 1
    pairings = county.get("school", "/pairings?child_id=child-own")["items"]
    assert {each["kind"]: each["ended_on"] for each in pairings} == {
        "mentor": str(clock.today()),
        "proxy_parent": str(clock.today()),
    }
    assert county.get("teacher", "/children")["items"] == []
    facts = [payload for topic, payload in county.said() if topic == "child.changed.v1"][-1]
    assert '"has_proxy_parent":false' in facts.replace(" ", "")


def test_the_name_of_a_child_made_anonymous_stays_with_no_other_whose_peer_it_was(county: County) -> None:
    furnish_past("gone-1")
    with database.transaction() as session:
        session.add(supporter("peer-gone", "school-own", "peer", name="赵念慈"))
        session.add(supporter("peer-stays", "school-own", "peer", name="钱小同"))
        session.flush()
        for number, each in enumerate(("peer-gone", "peer-stays")):
            helped = ("child-own", "child-mate")[number]
            session.add(Pairing(kind="peer", supporter_id=each, child_id=helped, place=1, began_on=LAST_DAY))
    assert anonymise_due() == 1
    names = {each["id"]: each["name"] for each in county.get("school", "/supporters")["items"]}
    assert (names["peer-gone"], names["peer-stays"]) == ("", "钱小同")
