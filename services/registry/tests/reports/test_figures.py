"""Every figure of the report is what stands in the workbooks, changes with them, and opens to its rows."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from county import County
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

import hongzhu_registry
from hongzhu_registry.activities.models import Activity, Attendance
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.enrolments.models import Enrolment
from hongzhu_registry.evidence.models import Evidence
from hongzhu_registry.facilities.models import Facility
from hongzhu_registry.leadership.models import Leader
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.records.models import Record
from hongzhu_registry.referrals.models import Referral
from hongzhu_registry.reports import service as reports
from hongzhu_registry.schools.models import School
from hongzhu_registry.subsidies.models import Subsidy
from hongzhu_registry.supporters.models import Supporter

DATA = Path(hongzhu_registry.__file__).parent / "demo" / "yongan-2020"
IN_2020 = "from=2020-01-01&to=2020-12-31"
Sheet = list[dict[str, Any]]


@cache
def sheets(name: str) -> dict[str, Sheet]:
    """Read a workbook as it is, without the product: every sheet as dictionaries under its line of headings."""
    book = CalamineWorkbook.from_path(DATA / name)
    return {title: _lines(book.get_sheet_by_name(title).to_python()) for title in book.sheet_names}


def _lines(found: list[list[Any]]) -> Sheet:
    rows = [[None if cell == "" else cell for cell in row] for row in found if any(cell != "" for cell in row)]
    head = next(n for n, row in enumerate(rows) if sum(cell is not None for cell in row) > 2)
    names = [str(cell or "").replace("\n", "").replace(" ", "") for cell in rows[head]]
    return [dict(zip(names, row, strict=False)) for row in rows[head + 1 :]]


def rows_in(name: str) -> Sheet:
    return [row for sheet in sheets(name).values() for row in sheet]


def held(agency: str, word: str) -> Sheet:
    """Activities that were held, and not planned: a planned one has nobody who came."""
    found = sheets("activities.xlsx")["部门活动"]
    return [row for row in found if row["单位"] == agency and word in row["活动名称"] and row["参与人数"] is not None]


@cache
def roster() -> dict[str, dict[str, Any]]:
    """Read all rosters: of every child, by its number, in which school, whether a boy, whether poor.

    Each school lays its roster out and writes it in its own way, so children and columns are found by what stands in them.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((DATA / "rosters").glob("*.xlsx")):
        book, poor = CalamineWorkbook.from_path(file), None
        for row in (row for title in book.sheet_names for row in book.get_sheet_by_name(title).to_python()):
            numbers = [each for each in map(_number, row) if each]
            if not numbers:
                poor = next((n for n, cell in enumerate(row) if "贫困户" in str(cell)), poor)
            elif poor is not None:
                sex = "男" if int(numbers[0][16]) % 2 else "女"
                said = {
                    "school": file.stem.partition("-")[2],
                    "sex": sex,
                    "poor": str(row[poor]) in ("是", "√", "Y", "1", "1.0"),
                }
                found.setdefault(numbers[0], said)
    return found


def _number(cell: Any) -> str:
    text = str(cell).strip().strip("'").replace(" ", "").upper()
    return text if len(text) == 18 and text[:17].isdigit() else ""


def schools() -> Sheet:
    return rows_in("schools.xlsx")


def concern() -> int:
    last = rows_in("scores-midterm.xlsx")
    return len({row["身份证号"] for row in last if row["语文"] < 60 or row["数学"] < 60})


def paid(status: str) -> int:
    of = [row for row in rows_in("subsidies.xlsx") if row["状态"] == status]
    return sum(row["交通补贴(元)"] + row["伙食补贴(元)"] for row in of)


def came_to_birthdays() -> int:
    return len({row["身份证号"] for row in sheets("activities.xlsx")["参加人员"] if row["是否到场"] == "是"})


def largest(urban: str) -> str:
    known = {row["学校名称"]: row["城乡"] for row in schools()}
    counted = Counter(each["school"] for each in roster().values() if known[each["school"]] == urban)
    return counted.most_common(1)[0][0]


def facilities(*status: str) -> int:
    return sum(row["类别"] == "雏燕之家" and row["状态"] in status for row in rows_in("facilities.xlsx"))


FROM_WORKBOOKS: dict[str, Callable[[], Any]] = {
    "registry.children": lambda: len(roster()),
    "registry.boys": lambda: sum(each["sex"] == "男" for each in roster().values()),
    "registry.girls": lambda: sum(each["sex"] == "女" for each in roster().values()),
    "registry.in_poverty": lambda: sum(each["poor"] for each in roster().values()),
    "registry.schools": lambda: len(schools()),
    "registry.largest_town_school": lambda: largest("城区"),
    "registry.largest_country_school": lambda: largest("农村"),
    "registry.academic_concern": concern,
    "registry.subsidies_paid": lambda: paid("已发放"),
    "registry.subsidies_owed": lambda: paid("待发放"),
    "education_bureau.leading_group.schools": lambda: len(
        {row["学校标识码"] for row in rows_in("leadership.xlsx") if row["学校标识码"]}
    ),
    "education_bureau.after_school.primary_schools": lambda: sum(
        row["是否开展课后服务"] == "是" and row["学段"] == "小学" for row in schools()
    ),
    "education_bureau.after_school.middle_schools": lambda: sum(
        row["是否开展课后服务"] == "是" and row["学段"] == "初中" for row in schools()
    ),
    "education_bureau.after_school.places": lambda: len(rows_in("after-school.xlsx")),
    "education_bureau.birthday.events": lambda: len(sheets("activities.xlsx")["学校活动"]),
    "education_bureau.birthday.children": came_to_birthdays,
    "education_bureau.home_teaching.children": lambda: len(
        {row["身份证号"] for row in sheets("records-2020-autumn.xlsx")["送教上门"]}
    ),
    "education_bureau.home_teaching.paid": lambda: paid("已发放"),
    "education_bureau.home_teaching.owed": lambda: paid("待发放"),
    "education_bureau.weekly_talk.records": lambda: len(sheets("records-2020-autumn.xlsx")["谈心"]),
    "womens_federation.love_parent.children": lambda: sum(each["poor"] for each in roster().values()),
    "trade_union.counselling.children": lambda: len(
        {row["身份证号"] for row in rows_in("referrals.xlsx") if row["辅导日期"]}
    ),
    "trade_union.summer_class.weeks": lambda: 4,
    "legal_aid.counsellor.schools": lambda: len(schools()),
    "legal_aid.first_lesson.schools": lambda: len({row["地点"] for row in held("志愿律师团", "开学第一课")}),
    "police.traffic_lecture.sessions": lambda: len(held("市公安局", "交通")),
    "police.traffic_lecture.brochures": lambda: sum(row["发放宣传册"] for row in held("市公安局", "交通")),
    "police.anti_drug.sessions": lambda: len(held("市公安局", "禁毒")),
    "police.anti_drug.attendance": lambda: sum(row["参与人数"] for row in held("市公安局", "禁毒")),
    "youth_league.swallow_home.selected": lambda: facilities("已选址", "已建立"),
    "youth_league.swallow_home.built": lambda: facilities("已建立"),
    "youth_league.care_activity.sessions": lambda: len(held("团市委", "护雏")),
    "disabled_persons_federation.pairing.gifts": lambda: sum(row["发放礼包"] for row in held("市残联", "礼包")),
    "next_generation_committee.lecture.sessions": lambda: len(held("市关工委", "法制")),
}
OF_THE_SOURCE = {
    "registry.children": 1058,
    "registry.boys": 543,
    "registry.girls": 515,
    "registry.in_poverty": 43,
    "legal_aid.counsellor.schools": 36,
    "youth_league.swallow_home.selected": 3,
    "youth_league.swallow_home.built": 2,
    "youth_league.care_activity.sessions": 7,
    "trade_union.counselling.children": 15,
    "trade_union.summer_class.weeks": 4,
    "disabled_persons_federation.pairing.gifts": 3,
    "police.traffic_lecture.sessions": 6,
    "police.traffic_lecture.brochures": 2800,
    "police.anti_drug.sessions": 3,
    "education_bureau.after_school.primary_schools": 10,
    "education_bureau.after_school.middle_schools": 1,
    "womens_federation.love_parent.children": 43,
}


def figures_of(county: County, period: str = IN_2020) -> dict[str, Any]:
    return dict(county.get("bureau", f"/reports/implementation?{period}")["figures"])


def rows_behind(county: County, address: str) -> list[dict[str, Any]]:
    """Read a list to its end."""
    path, found, cursor = address.removeprefix("/api/v1"), [], ""
    while True:
        page = county.get("bureau", f"{path}&limit=200{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_every_figure_is_what_stands_in_the_workbooks(yongan: County) -> None:
    told = {key: figure["value"] for key, figure in figures_of(yongan).items()}
    assert {key: told.get(key) for key in FROM_WORKBOOKS} == {key: make() for key, make in FROM_WORKBOOKS.items()}
    assert {key: told[key] for key in OF_THE_SOURCE} == OF_THE_SOURCE
    assert told["police.anti_drug.attendance"] > 1500
    assert told["registry.boys"] + told["registry.girls"] == told["registry.children"]


def test_every_figure_opens_to_as_many_rows_as_it_says(yongan: County) -> None:
    summed = {"brochures", "attendance", "gifts", "weeks", "paid", "owed", "subsidies_paid", "subsidies_owed"}
    tried = 0
    for key, figure in figures_of(yongan).items():
        if isinstance(figure["value"], int) and figure["value"] > 2000 and key != "police.traffic_lecture.brochures":
            continue  # many pages of the same: the talks stand for them below
        rows = rows_behind(yongan, figure["rows"])
        assert len({row["id"] for row in rows}) == len(rows), key
        if isinstance(figure["value"], int):
            assert sum(row["counted"] for row in rows) == figure["value"], key
            if key.rpartition(".")[2] not in summed:
                assert len(rows) == figure["value"], key
        elif figure["value"] and figure["value"].endswith("%"):
            share = 100 * sum(row["counted"] for row in rows) / len(rows)
            assert f"{share:.1f}%" == figure["value"], key
        elif figure["value"]:
            assert len(rows) == 1, key
        tried += 1
    assert tried > 50


def _drop(model: Any, *conditions: Any) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        one = session.scalars(select(model.id).where(*conditions).order_by(model.id).limit(1)).one()
        session.execute(delete(model).where(model.id == one))

    return act


def _leave(*conditions: Any) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        one = session.scalars(select(Child.id).where(*conditions).order_by(Child.id).limit(1)).one()
        session.execute(update(Child).where(Child.id == one).values(left_on=Child.entered_on))

    return act


def _no_more(model: Any, column: str, *conditions: Any, now: Any = None) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        one = session.scalars(select(model.id).where(*conditions).order_by(model.id).limit(1)).one()
        session.execute(update(model).where(model.id == one).values({column: now}))

    return act


def _kind(model: Any, kind: str, **more: Any) -> tuple[Any, ...]:
    return (model.kind == kind, *(getattr(model, name) == value for name, value in more.items()))


def _every_visit(session: Session) -> None:
    child = session.scalars(select(Subsidy.child_id).order_by(Subsidy.id).limit(1)).one()
    session.execute(delete(Evidence).where(Evidence.subject_id == child, Evidence.kind == "home_teaching"))


CHANGES: dict[str, Callable[[Session], None]] = {
    "registry.children": _leave(),
    "registry.boys": _leave(Child.sex == "male"),
    "registry.girls": _leave(Child.sex == "female"),
    "registry.in_poverty": _leave(Child.in_poverty),
    "registry.academic_concern": _leave(Child.academic_concern),
    "registry.schools": _no_more(School, "entered_on", now=date(2021, 1, 1)),
    "education_bureau.leading_group.schools": _drop(Leader, Leader.school_id.is_not(None)),
    "education_bureau.after_school.primary_schools": _no_more(
        School, "after_school", School.after_school, School.stage == "primary"
    ),
    "education_bureau.after_school.middle_schools": _no_more(
        School, "after_school", School.after_school, School.stage == "middle"
    ),
    "education_bureau.after_school.places": _drop(Enrolment, *_kind(Enrolment, "after_school")),
    "education_bureau.birthday.events": _no_more(Activity, "planned", *_kind(Activity, "birthday"), now=True),
    "education_bureau.birthday.children": _drop(Attendance, Attendance.attended),
    "education_bureau.home_teaching.children": _every_visit,
    "education_bureau.home_teaching.paid": _drop(Subsidy, Subsidy.paid),
    "education_bureau.home_teaching.owed": _drop(Subsidy, ~Subsidy.paid),
    "womens_federation.love_parent.children": _drop(Pairing, *_kind(Pairing, "love_parent")),
    "trade_union.counselling.children": _no_more(Referral, "counselled_on"),
    "trade_union.summer_class.weeks": _no_more(Activity, "ends_on", *_kind(Activity, "summer_class")),
    "legal_aid.counsellor.schools": _drop(Pairing, *_kind(Pairing, "law_counsellor")),
    "legal_aid.first_lesson.schools": _drop(Activity, *_kind(Activity, "first_lesson")),
    "police.traffic_lecture.sessions": _drop(Activity, *_kind(Activity, "traffic_lecture", planned=False)),
    "police.traffic_lecture.brochures": _no_more(Activity, "brochures", Activity.brochures.is_not(None)),
    "police.anti_drug.sessions": _drop(Activity, *_kind(Activity, "anti_drug")),
    "police.anti_drug.attendance": _no_more(Activity, "attendance", *_kind(Activity, "anti_drug")),
    "youth_league.swallow_home.selected": _drop(Facility, *_kind(Facility, "swallow_home", status="selected")),
    "youth_league.swallow_home.built": _drop(Facility, *_kind(Facility, "swallow_home", status="built")),
    "youth_league.care_activity.sessions": _drop(Activity, *_kind(Activity, "care_activity")),
    "disabled_persons_federation.pairing.gifts": _drop(Activity, *_kind(Activity, "gift")),
    "next_generation_committee.lecture.sessions": _drop(Activity, *_kind(Activity, "law_lecture")),
    "womens_federation.recruiting.supporters": _drop(Supporter, *_kind(Supporter, "love_parent", vetted=True)),
    "education_bureau.weekly_talk.records": _drop(Record, *_kind(Record, "talk")),
}


def test_a_figure_changes_with_a_row_behind_it(yongan: County) -> None:
    before = figures_of(yongan)
    for key, change in CHANGES.items():
        with database.transaction() as session:
            session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            change(session)
            session.flush()
            period = reports.period_of(date(2020, 1, 1), date(2020, 12, 31))
            found, _tally = reports.counted(session, period, reports.definitions(session))
            assert found[key].value < before[key]["value"], key
            session.rollback()


@pytest.mark.parametrize("school", ["2135000001"])
def test_a_school_s_report_counts_that_school_alone(yongan: County, school: str) -> None:
    told = figures_of(yongan, f"{IN_2020}&school_id={school}")
    assert told["registry.children"]["value"] == sum(each["school"] == "东门小学" for each in roster().values())
    assert told["police.traffic_lecture.brochures"]["value"] == 520
    assert told["youth_league.swallow_home.built"]["value"] == 0
    assert {row["school_id"] for row in rows_behind(yongan, told["registry.children"]["rows"])} == {school}
