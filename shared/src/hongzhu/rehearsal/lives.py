"""Lives: what happens beside the daily work, so that something is newly owed, or no longer, or stands otherwise than it did."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from hongzhu.calendar import SchoolCalendar
from hongzhu.errors import HongzhuError
from hongzhu.rehearsal.people import DAY, Job, People, Row

TESTED = 30
"""How many children a test is about."""
REFERRED_TO = "trade_union"
"""The agency to which schools refer children."""


class Lives:
    """What becomes of children and rules; it is done by the same people who file."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.bureau = people.offices["bureau"]
        self.pauses: list[Row] = []
        """Who fell ill since anybody asked."""
        self.marks: list[Row] = []
        """How children did in tests since anybody asked."""
        self.reports: list[tuple[str, date]] = []
        """Reports of harm since anybody asked."""

    def of_week(self, day: date, children: Sequence[Row], schools: Sequence[str]) -> list[Job]:
        """Return what a week brings: children move, leave, come back, board, fall ill, are poor, and are referred."""
        dice = self.people.dice("lives", day)
        here = [each for each in children if each["left_on"] is None]
        gone = [each for each in children if each["left_on"] is not None]
        moves, leaves, boards, boards_too, ill, poor, referred, hurt, *_ = (
            dice.sample(here, k=8) if len(here) > 8 else here * 8
        )
        others = [each for each in schools if each != moves["school_id"]]
        last = day + dice.randint(2, 16) * DAY
        jobs: list[Job] = [
            partial(self._change, boards, {"boarding": not boards["boarding"]}),
            partial(self._change, boards_too, {"boarding": not boards_too["boarding"]}),
            partial(self._change, poor, {"in_poverty": not poor["in_poverty"]}),
            partial(self._fall_ill, ill["id"], day, last),
            partial(self._refer, referred["id"], day),
        ]
        if others:
            jobs.append(partial(self._move, "transfer", moves["id"], {"school_id": dice.choice(others)}))
        if dice.random() < 0.5:
            jobs.append(partial(self._move, "leave", leaves["id"], {"reason": "moved_away"}))
        if gone and dice.random() < 0.5:
            jobs.append(partial(self._move, "return", dice.choice(gone)["id"], {}))
        if self.people.records:
            jobs.append(partial(self._take_back, *dice.choice(self.people.records)))
        if dice.random() < 0.25:
            jobs.append(partial(self._report_harm, hurt["id"], day))
        return jobs

    def test(self, day: date, children: Sequence[Row]) -> list[Job]:
        """Return a test of some children in one subject."""
        dice = self.people.dice("test", day)
        here = [each["id"] for each in children if each["left_on"] is None]
        tested = dice.sample(here, k=min(TESTED, len(here)))
        return [partial(self._mark, each, day, dice.randint(40, 95)) for each in tested]

    def build(self, facilities: Sequence[Row]) -> list[Job]:
        """Return the building of what was planned."""
        planned = [each for each in facilities if each["status"] in ("selected", "planned")]
        return [partial(self._build, each) for each in planned]

    def tune(self, day: date) -> list[Job]:
        """Return the tuning of one programme: what fell due each week falls due once in two, or the other way round."""
        programmes = self.people.programmes
        weekly = sorted(code for code, each in programmes.items() if each["trigger"]["kind"] == "every_school_week")
        if not weekly:
            return []
        code = self.people.dice("tune", day).choice(weekly)
        every = 1 if programmes[code]["trigger"]["every"] > 1 else 2
        body = {"trigger": {"every": every}}
        return [partial(self.people.send, f"tune {code}", self.bureau, f"/programmes/{code}/tune", body, 0)]

    def edit_calendar(self, day: date, calendar: SchoolCalendar, schools: Sequence[str]) -> list[Job]:
        """Return the one edit of the calendar: two days off for all in a fortnight, and two for one school."""
        off = {"name": "风雨停课", "first": str(day + 14 * DAY), "last": str(day + 15 * DAY)}
        alone = {"name": "校舍检修", "first": str(day + 21 * DAY), "last": str(day + 22 * DAY), "school_id": schools[0]}
        changed = calendar.model_dump(mode="json")
        changed["holidays"].append(off)
        changed["exceptions"].append(alone)
        return [partial(self.bureau.put, "/calendar", changed)]

    def _move(self, what: str, child_id: str, body: Row) -> None:
        self.people.send(what, self.bureau, f"/children/{child_id}/{what}", body, 0)

    def _change(self, child: Row, changes: Row) -> None:
        self._correct("change", f"/children/{child['id']}", changes, child["version"])

    def _build(self, facility: Row) -> None:
        self._correct("build", f"/facilities/{facility['id']}", {"status": "built"}, facility["version"])

    def _correct(self, about: str, path: str, changes: Row, version: int) -> None:
        try:
            self.bureau.patch(path, changes, version)
        except HongzhuError as error:
            self.people.refused[f"{about}: {type(error).__name__}"] += 1

    def _fall_ill(self, child_id: str, first: date, last: date) -> None:
        body: dict[str, Any] = {"from": str(first), "until": str(last), "reason": "病假"}
        if answer := self.people.send("pause", self.bureau, f"/children/{child_id}/pauses", body, 0):
            self.pauses.append({"id": answer["id"], "child_id": child_id, "first": str(first), "last": str(last)})

    def _refer(self, child_id: str, day: date) -> None:
        if REFERRED_TO in self.people.offices:
            body = {"child_id": child_id, "organisation": REFERRED_TO, "referred_on": str(day)}
            self.people.send("refer", self.bureau, "/referrals", body, 0)

    def _mark(self, child_id: str, day: date, mark: int) -> None:
        body = {"child_id": child_id, "tested_on": str(day), "subject": "数学", "mark": mark}
        if self.people.send("test", self.bureau, "/assessments", body, 0):
            self.marks.append(body)

    def _report_harm(self, child_id: str, day: date) -> None:
        body = {"child_id": child_id, "what": "需要有人去看一看。"}
        if answer := self.people.send("report of harm", self.bureau, "/mandatory_reports", body, 0):
            self.reports.append((answer["id"], day))

    def _take_back(self, record_id: str, kind: str, children: Sequence[str]) -> None:
        body = {"reason": "登记有误"}
        if self.people.send("take back", self.bureau, f"/records/{record_id}/withdraw", body, 0):
            self.people.evidence += [(record_id, each, kind, None) for each in children]
