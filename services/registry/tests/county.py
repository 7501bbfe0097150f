"""A small invented county: two schools, three children, an agency with a child in its care and one without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, true
from sqlalchemy.orm import Session

from hongzhu.agency import Agency
from hongzhu.clock import now, today
from hongzhu.database import engine
from hongzhu.i18n import Text
from hongzhu.installation import hash_of
from hongzhu.messages import NoticeSettled, TaskDue
from hongzhu.period import monday, task_id, week
from hongzhu.programme import Programme
from hongzhu.testing.examples import CALENDAR, MONDAY, programme
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.calendar import service as calendar
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database, outbox_rows
from hongzhu_registry.documents.models import Document
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.excuses.models import Excuse
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.imports.models import Import
from hongzhu_registry.mandatory_reports.models import MandatoryReport
from hongzhu_registry.notices.consumers import on_notice_settled
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.photos.models import Photo
from hongzhu_registry.programmes import service as programmes
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.schools.models import School
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter
from hongzhu_registry.tallies.queries import OF_TASK, touch, touch_children
from hongzhu_registry.tasks.consumers import on_task_due

BUREAU = Principal("bureau", "bureau")
TALK, LOVE, COUNSELLOR = "carers.talk", "carers.love_parent", "lawyers.counsellor"
PASSWORD = "correct horse battery staple"
TALKED: dict[str, Any] = {
    "kind": "talk",
    "occurred_on": "2020-11-23",
    "data": {"topic": "学习|Learning"},
    "child_ids": ["child-own"],
}
"""A record that its school may file."""

IDENTITY_NUMBERS = {
    "child-own": "350481201001010018",
    "child-mate": "350481201001010026",
    "child-other": "350481201002020010",
}
HARM = "手臂上有多处淤青，孩子不愿说明原因"
PHONE, EMAIL, ADDRESS = "13950000001", "teacher@example.org", "永安市燕东街道蜡烛巷1号"
PEOPLE: dict[str, dict[str, Any]] = {
    "admin": {"role": "admin"},
    "bureau": {"role": "bureau"},
    "school": {"role": "school", "school_id": "school-own"},
    "other_school": {"role": "school", "school_id": "school-other"},
    "teacher": {"role": "teacher", "school_id": "school-own", "supporter_id": "teacher-too"},
    "carers": {"role": "agency", "agency": "carers"},
    "lawyers": {"role": "agency", "agency": "lawyers"},
    "notifier": {"role": "notifier"},
    "auditor": {"role": "auditor"},
    "protection": {"role": "protection"},
    "guardian": {"role": "guardian"},
}
"""Whom the tests ask as.  The carers' programmes see grade and class of children they care for; the teacher has no class yet,
and a guardian's only way in is a signed link."""
FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["topic"],
    "properties": {
        "topic": {"type": "string", "title": "主题|Topic", "enum": ["学习|Learning", "生活|Life"]},
        "note": {"type": "string", "title": "备注|Note"},
    },
}


@dataclass
class County:
    """The registry on its own database, asked over HTTP."""

    http: TestClient
    owner_url: str
    """Of the account that owns the tables; the registry itself signs in with one that does not."""
    secrets: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str | None, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """Ask as one of `PEOPLE`; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["Authorization"] = f"Bearer {token_of(who)}"
        return self.http.request(method, f"/api/v1{path}", json=json, headers=sent)

    def get(self, who: str, path: str) -> Any:
        """Read something that must be there."""
        answer = self.ask(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @contextmanager
    def as_owner(self) -> Iterator[Session]:
        """Open a transaction of whoever owns the database, behind the registry's back."""
        with Session(engine(self.owner_url)) as session, session.begin():
            yield session

    def said(self) -> list[Any]:
        """Return what stands in the outbox, as (topic, payload)."""
        with database.transaction() as session:
            columns = outbox_rows.c.topic, outbox_rows.c.payload
            return [tuple(row) for row in session.execute(select(*columns).order_by(outbox_rows.c.sequence))]


def token_of(who: str) -> str:
    return f"token-of-{who}"


def promise(code: str = TALK, **changes: Any) -> Programme:
    said: dict[str, Any] = {"form": FORM, "fields": {"grade", "class_name"}} | changes
    if said["form"] is None or said.get("subject", "child") != "child":
        said.setdefault("assignee", "agency")  # where a teacher has nothing to file
    return programme(code, **said)


def due(code: str, *subjects: str, school_id: str = "school-own", day: date = MONDAY, version: int = 1) -> TaskDue:
    first = monday(day)
    return TaskDue(
        programme=code,
        version=version,
        period=week(day),
        period_start=first,
        school_id=school_id,
        subjects=subjects,
        opens_on=first,
        due_on=first + timedelta(days=6),
        grace_until=first + timedelta(days=13),
    )


def of_task(code: str, subject: str, day: date = MONDAY) -> str:
    return task_id(code, subject, week(day))


def child(child_id: str, school_id: str, number: str, **changes: Any) -> Child:
    values = {
        "id": child_id,
        "school_id": school_id,
        "name": f"孩子{child_id[-4:]}",
        "sex": "female",
        "born_on": date(2010, 1, 1),
        "id_number": key_ring().seal(number, "child", "id_number", child_id),
        "id_number_index": key_ring().index(number, "child"),
        "address": key_ring().seal(ADDRESS, "child", "address", child_id),
        "grade": 3,
        "class_name": "1班",
        "boarding": True,
        "in_poverty": True,
        "entered_on": date(2020, 9, 1),
    }
    return Child(**(values | changes))


def supporter(supporter_id: str, organisation: str, kind: str = "teacher", **changes: Any) -> Supporter:
    sealed = {
        name: key_ring().seal(value, "supporter", name, supporter_id)
        for name, value in (("phone", PHONE), ("email", EMAIL))
    }
    school_id = organisation if organisation.startswith("school-") else None
    values = {"id": supporter_id, "identity": supporter_id, "organisation": organisation, "school_id": school_id}
    values |= {"kind": kind, "name": f"大人{supporter_id[-4:]}", "vetted": True, **sealed}
    return Supporter(**(values | changes))


def furnish() -> None:
    """Fill an empty registry."""
    with database.transaction() as session:
        for who, place in PEOPLE.items():
            session.add(Account(id=f"account-{who}", username=who, role=place["role"]))
            account = access.open_account(session, who, password=PASSWORD if who == "bureau" else None, **place)
            access.keep_token(session, account.id, bytes.fromhex(hash_of(token_of(who))), access.MACHINE_TOKEN)
        for name, title in (("carers", "关爱会"), ("lawyers", "律师团")):
            agencies.introduce(session, Agency(name=name, title=Text(zh=title, en=name)))
        calendar.announce(session, CALENDAR)
        _people(session)
        _promises(session)
        _rows(session)
        _hand_in(session)
        on_notice_settled(
            session,
            NoticeSettled(
                id="notice-own",
                recipient_id="teacher-own",
                channel="inbox",
                day=today(),
                outcome="sent",
                urgent=False,
                lines=(),
            ),
        )
        session.execute(delete(outbox_rows))
        touch_everything(session)


def touch_everything(session: Session) -> None:
    """Let what came past the desks be counted as well."""
    touch_children(session, true())
    touch(session, session.execute(select(*OF_TASK)))


def _people(session: Session) -> None:
    schools = [
        School(id=each, name=f"{each}小学", stage="primary", town="燕东", entered_on=date(2020, 9, 1))
        for each in ("school-own", "school-other")
    ]
    session.add_all(schools)
    session.flush()
    at = {"child-own": "school-own", "child-mate": "school-own", "child-other": "school-other"}
    session.add_all(child(each, at[each], number) for each, number in IDENTITY_NUMBERS.items())
    session.add_all(
        [
            supporter("teacher-own", "school-own", duty="class_teacher", grade=3, class_name="1班"),
            supporter("teacher-too", "school-own"),
            supporter("coordinator-own", "school-own", duty="coordinator"),
            supporter("teacher-other", "school-other", duty="class_teacher", grade=3, class_name="1班"),
            supporter("carer", "关爱会", "love_parent", capacity=2),
            supporter("carer-unvetted", "关爱会", "love_parent", vetted=False),
            supporter("lawyer", "律师团", "law_counsellor", capacity=2),
        ]
    )
    session.flush()


def _promises(session: Session) -> None:
    for each in (
        promise(),
        promise(LOVE, resolved_by="love_parent", form=None, fields={"in_poverty"}),
        promise(COUNSELLOR, subject="school", resolved_by="law_counsellor", form=None, fields=set()),
    ):
        programmes.declare(session, each)
        session.flush()
        programmes.approve(session, BUREAU, each.code, MONDAY)
    on_task_due(session, due(TALK, "child-own", "child-mate"))
    on_task_due(session, due(COUNSELLOR, "school-own"))
    on_task_due(session, due(COUNSELLOR, "school-other", school_id="school-other"))


def _rows(session: Session) -> None:
    day = MONDAY
    for each in ("own", "other"):
        mine = {"child_id": f"child-{each}", "school_id": f"school-{each}"}
        agency = {"own": "关爱会", "other": "律师团"}[each]
        session.add_all(
            [
                Record(
                    id=f"record-{each}",
                    kind="talk",
                    school_id=f"school-{each}",
                    occurred_on=day,
                    data={},
                    filed_at=now(),
                ),
                Photo(
                    id=f"record-{each}",
                    school_id=f"school-{each}",
                    image=key_ring().seal("aGVq", "photo", "image", f"record-{each}"),
                    filed_by="bureau",
                    filed_at=now(),
                ),
                Assessment(id=f"assessment-{each}", **mine, tested_on=day, subject="语文", mark=61),
                Subsidy(id=f"subsidy-{each}", **mine, teacher="师", taught_on=day, transport=1, meals=1, paid=True),
                Enrolment(id=f"enrolment-{each}", **mine, kind="after_school"),
                Excuse(
                    id=f"pause-{each}",
                    subject_id=f"child-{each}",
                    school_id=f"school-{each}",
                    first=day - timedelta(days=90),
                    given_on=day,
                    given_by="bureau",
                    last=day - timedelta(days=80),
                ),
                Referral(id=f"referral-{each}", **mine, organisation=agency, referred_on=day),
                Activity(
                    id=f"activity-{each}",
                    organisation=agency,
                    school_id=f"school-{each}",
                    kind="birthday",
                    name="生日",
                    held_on=day,
                    planned=False,
                ),
                Pairing(
                    id=f"pairing-{each}",
                    kind="mentor",
                    supporter_id=f"teacher-{each}",
                    child_id=f"child-{each}",
                    place=1,
                    began_on=day,
                ),
                Facility(id=f"facility-{each}", organisation=agency, kind="home", name="家"),
                MandatoryReport(
                    id=f"report-{each}",
                    number=f"20201123-{each}",
                    **mine,
                    agency={"own": "carers", "other": "lawyers"}[each],
                    reported_by={"own": "account-school", "other": "account-other_school"}[each],
                    reported_on=day,
                    reported_at=now(),
                    what=key_ring().seal(HARM, "mandatory_report", "what", f"report-{each}"),
                ),
                Document(id=f"document-{each}", title="文件"),
            ]
        )


def _hand_in(session: Session) -> None:
    account = session.scalars(select(Account.id).where(Account.username == "bureau")).one()
    session.add(Import(id="import-own", account_id=account, file="花名册.xlsx", status="done", started_at=now()))
