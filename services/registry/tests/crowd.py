"""A crowd for the county, every word of it marked, and an account of its own of who may ever read which mark.

The account is written down here by hand, and knows nothing of the registry's policy.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx
from county import IDENTITY_NUMBERS, child, supporter, touch_everything
from sqlalchemy import update
from sqlalchemy.orm import Session

from hongzhu.clock import now
from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Attendance
from hongzhu_registry.assessments.models import Assessment
from hongzhu_registry.children.models import Child, ChildChange, Relative, RosterEntry
from hongzhu_registry.consents.models import Consent
from hongzhu_registry.database import database
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.supporters.models import Supporter

BUREAU = {"admin", "bureau"}
NUMBERS = IDENTITY_NUMBERS | {"child-far": "350481201004040014"}
SCHOOL_OF = {"own": "own", "mate": "own", "far": "own", "other": "other"}


def _readers() -> dict[str, set[str]]:
    """Say who may read what is marked how, wherever it stands."""
    readers: dict[str, set[str]] = {}
    for each, school in SCHOOL_OF.items():
        office = BUREAU | {"school" if school == "own" else "other_school"}
        # The teacher is paired with one child and has the class of another.
        staff = office | ({"teacher"} if each in ("own", "far") else set())
        carers = {"carers"} if each in ("own", "mate") else set()
        lawyers = {"lawyers"} if each == "other" else set()  # the child was referred to them
        # Of whom harm was reported, those learn who must act on it.
        reported = {"own": {"carers", "protection"}, "other": {"lawyers", "protection"}}.get(each, set())
        readers[f"child-{each}"] = staff | carers | lawyers | {"auditor"} | reported
        readers[f"名字{each}"] = staff | reported
        readers[NUMBERS[f"child-{each}"]] = readers[f"住址{each}"] = readers[f"父亲{each}"] = readers[f"打工{each}"] = (
            office
        )
        readers[f"电话{each}"] = staff
        readers[f"原班{each}"] = staff | carers
        readers[f"assessment-{each}"] = readers[f"enrolment-{each}"] = staff
        readers[f"subsidy-{each}"] = readers[f"同意{each}"] = office
        readers[f"花名册{each}"] = staff
    for each, office, agency in (("own", "school", "carers"), ("other", "other_school", "lawyers")):
        readers[f"转介{each}"] = BUREAU | {office, agency}
        readers[f"referral-{each}"] = readers[f"activity-{each}"] = BUREAU | {office, agency}
        readers[f"report-{each}"] = {office, agency, "protection", "auditor"}
        readers[f"facility-{each}"] = BUREAU | {agency}
        readers[f"document-{each}"] = BUREAU
        readers[f"记录{each}"] = BUREAU | {office} | ({"teacher"} if each == "own" else set())
        readers[f"组长{each}"] = BUREAU | {office}
        readers[f"coordinator-{each}"] = BUREAU | {office}
        readers[f"teacher-{each}"] = BUREAU | {office} | ({"teacher"} if each == "own" else set())
    readers["school-own"] = {
        "admin",
        "bureau",
        "school",
        "teacher",
        "carers",
        "lawyers",
        "notifier",
        "auditor",
        "protection",
    }
    readers["school-other"] = {
        "admin",
        "bureau",
        "other_school",
        "carers",
        "lawyers",
        "notifier",
        "auditor",
        "protection",
    }
    for each in ("coordinator-own", "teacher-own"):
        readers[each] |= {"notifier"}
    readers["notice-own"] = readers["import-own"] = BUREAU | {"school"}
    readers["13950000001"] = set()
    readers["teacher@example.org"] = {"notifier"}
    readers["argon2"] = set()
    return readers


READERS = _readers()


@dataclass
class Tally:
    """What a matrix of questions came to."""

    tried: int = 0
    denied: int = 0
    leaked: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, who: str, answer: httpx.Response, asked: str, *, right: bool = True) -> None:
        """Count one answer: whether it is the right one, and whether it says what is not for whoever asked."""
        self.tried += 1
        self.denied += answer.status_code in (401, 403, 404)
        said = answer.text + str(answer.headers)
        # What somebody says himself is told to nobody by repeating it.
        out_of_sight = [mark for mark, may in READERS.items() if who not in may and mark in said and mark not in asked]
        self.leaked += bool(out_of_sight)
        if out_of_sight or not right or answer.status_code >= 500:
            self.faults.append(f"{who}: {asked} -> {answer.status_code} {out_of_sight or answer.text[:200]}")

    def __str__(self) -> str:
        return f"tried={self.tried} denied={self.denied} leaked={self.leaked}"


def crowd() -> None:
    """Let the crowd into a furnished county."""
    with database.transaction() as session:
        session.add(child("child-far", "school-own", NUMBERS["child-far"], class_name="2班"))
        session.add(supporter("coordinator-other", "school-other", duty="coordinator"))
        session.execute(
            update(Supporter)
            .where(Supporter.id == "teacher-too")
            .values(duty="class_teacher", grade=3, class_name="2班")
        )
        session.flush()
        began = {
            "kind": "guide",
            "supporter_id": "teacher-too",
            "child_id": "child-own",
            "place": 1,
            "began_on": MONDAY,
        }
        session.add(Pairing(id="pairing-guide", **began))
        for number, (each, school) in enumerate(SCHOOL_OF.items()):
            _dossier(session, each, f"school-{school}", number)
        for each in ("own", "other"):
            session.execute(update(Record).where(Record.id == f"record-{each}").values(data={"note": f"记录{each}"}))
            session.execute(update(Referral).where(Referral.id == f"referral-{each}").values(cause=f"转介{each}"))
            session.add(Evidence(id=f"record-{each}", subject_id=f"child-{each}", kind="talk", done_on=MONDAY))
            session.add(Leader(id=f"leader-{each}", school_id=f"school-{each}", duty="组长", name=f"组长{each}"))
        session.flush()
        touch_everything(session)  # what came past the desks is counted as well


def _dossier(session: Session, each: str, school_id: str, number: int) -> None:
    child_id, day = f"child-{each}", MONDAY
    seal = key_ring().seal
    session.execute(
        update(Child)
        .where(Child.id == child_id)
        .values(name=f"名字{each}", address=seal(f"住址{each}", "child", "address", child_id))
    )
    relative: dict[str, Any] = {"child_id": child_id, "role": "father", "name": f"父亲{each}", "relation": "父子"}
    relative |= {
        "place": f"打工{each}",
        "away": True,
        "phone": seal(f"电话{each}", "relative", "phone.father", child_id),
    }
    of_school = {"child_id": child_id, "school_id": school_id}
    session.add_all(
        [
            Relative(**relative),
            ChildChange(
                child_id=child_id,
                version=2,
                at=now(),
                source=f"import:花名册{each}",
                fields={"class_name": [f"原班{each}", "1班"], "father.place": [f"打工{each}", "本地"]},
            ),
            Consent(
                child_id=child_id,
                basis="guardian_consent",
                text_version=1,
                given_on=day,
                given_by=f"同意{each}",
                recorded_by="bureau",
            ),
            RosterEntry(**of_school, said={}, file=f"花名册{each}"),
            Attendance(
                id=f"attendance-{each}", activity_id=f"activity-{SCHOOL_OF[each]}", child_id=child_id, attended=True
            ),
        ]
    )
    if each in ("mate", "far"):
        session.add(Assessment(id=f"assessment-{each}", **of_school, tested_on=day, subject="语文", mark=61))
