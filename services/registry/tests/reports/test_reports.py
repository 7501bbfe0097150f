"""A closed report stays as it was; signed off it is what the bureau owed; all of it is the bureau's alone."""

import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from county import PEOPLE, TALK, TALKED, County, due, promise
from sqlalchemy import delete, select

from hongzhu.testing.examples import MONDAY
from hongzhu_registry.activities.models import Activity
from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.tasks.consumers import on_task_due
from hongzhu_registry.tasks.models import Task

IN_2020 = "from=2020-01-01&to=2020-12-31"
BOTH = {"zh": "个", "en": " of them"}
FORMATS = ("json", "md", "xlsx", "docx")


def _closed(county: County) -> str:
    answer = county.ask("bureau", "POST", "/reports", {"from": "2020-01-01", "to": "2020-12-31"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _written(county: County, path: str) -> bytes:
    answer = county.ask("bureau", "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_closed_report_says_the_same_byte_for_byte_whatever_happens(yongan: County) -> None:
    report = _closed(yongan)
    before = {each: _written(yongan, f"/reports/{report}?format={each}") for each in FORMATS}
    live = yongan.get("bureau", f"/reports/implementation?{IN_2020}")
    with database.transaction() as session:
        session.execute(delete(Activity).where(Activity.kind == "traffic_lecture"))
        left = session.scalars(select(Child).order_by(Child.id).limit(1)).one()
        left.left_on = left.entered_on
    assert {each: _written(yongan, f"/reports/{report}?format={each}") for each in FORMATS} == before
    now = yongan.get("bureau", f"/reports/implementation?{IN_2020}")
    assert now["figures"]["police.traffic_lecture.sessions"]["value"] == 0
    assert now["figures"]["registry.children"]["value"] == live["figures"]["registry.children"]["value"] - 1
    assert [each["id"] for each in yongan.get("bureau", "/reports")["items"]] == [report]


def test_signing_a_report_off_closes_the_task_and_cannot_be_done_twice(yongan: County) -> None:
    def task() -> Any:
        with database.transaction() as session:
            of = Task.programme == "education_bureau.report"
            return session.execute(select(Task.evidence_id, Task.done_on).where(of)).one()

    report = _closed(yongan)
    assert task() == (None, None)
    signed = yongan.ask("bureau", "POST", f"/reports/{report}/sign")
    assert (signed.status_code, signed.json()["signed_on"]) == (200, "2020-11-23")
    assert task().evidence_id == report
    assert yongan.ask("bureau", "POST", f"/reports/{report}/sign").status_code == 409


def test_the_report_has_the_parts_and_sentences_of_the_city_s_own(yongan: County) -> None:
    told = yongan.get("bureau", f"/reports/implementation?{IN_2020}")
    assert told["title"] == "永安市开展“红烛暖心”贫困留守儿童关爱活动落实情况"
    assert told["organ"] == "永安市教育局"
    headings = [each["heading"].partition("，")[0] for each in told["sections"]]
    assert headings == ["建章立制", "建档立卡", "建家帮教", "建盟协作", "存在的问题", "下一步工作"]
    text = _written(yongan, f"/reports/implementation?{IN_2020}&format=md").decode()
    for said in (
        "《三明市“红烛暖心”贫困留守儿童关爱计划工作方案》（明教初〔2020〕64号）",
        "全市现有义务教育阶段“留守儿童”共1058人，其中男童543人，女童515人，贫困留守儿童43人",
        "城区学校主要集中在东门小学、巴溪湾小学等，农村学校主要集中在民族中学、民族小学、槐南中心小学等。",
        "推进校内课后服务工作，小学已开展10所，中学已开展1所，优先、免费接纳本校贫困留守儿童20人。",
        "试点选址3个，已经建立“雏燕之家”服务阵地2个",
        "关爱活动7场",
        "爱心家长结对帮扶贫困留守儿童43人",
        "心理健康辅导，共15人",
        "为期4周的职工子女暑托班",
        "为中小学各配备一名律师法制辅导员，覆盖36所学校",
        "送去爱心大礼包3份",
        "举办交通讲座6场，向学生发放宣传册2800张",
        "大型活动3场，参与学生1520人",
        "已发放1000元，尚有200元未发放",
        "二是补齐薄弱环节，提高每周谈心覆盖率（",
    ):
        assert said in text, said
    assert "市民政局核实" not in text, "what nobody did is not told"


def _sentences(county: County, asked: str) -> list[str]:
    told = county.get("bureau", f"/reports/implementation?{asked}")
    points = [item["sentences"] for part in told["sections"] for item in part["items"]]
    return [
        each["text"]
        for some in [told["opening"], *points, *(x["sentences"] for x in told["sections"])]
        for each in some
    ]


def test_nothing_is_said_of_what_was_not_done(yongan: County) -> None:
    for asked in (
        IN_2020,
        "from=2020-09-01&to=2020-09-10",
        f"{IN_2020}&school_id=2135000001",
        f"{IN_2020}&agency=police",
    ):
        said = _sentences(yongan, asked)
        assert len(said) > 3
        assert not [each for each in said if re.search(r"(?<![\d.])0(?:[.]0)?[^\d.%]", each)], asked


def test_programmes_speak_in_the_order_of_the_city_s_own_report(yongan: County) -> None:
    said = "".join(_sentences(yongan, IN_2020))
    places = [
        said.index(words)
        for words in (
            "代理家长",
            "每周与留守儿童谈一次心",
            "每周辅导一次作业",
            "每年深入一次",
            "试点选址",
            "关爱活动7场",
            "招募“爱心家长”",
            "爱心家长结对",
        )
    ]
    assert places == sorted(places)


def test_a_school_s_report_speaks_of_that_school_and_an_agency_s_of_what_it_did(yongan: County) -> None:
    school = yongan.get("bureau", f"/reports/implementation?{IN_2020}&school_id=2135000001")
    assert school["title"] == "东门小学开展“红烛暖心”贫困留守儿童关爱活动落实情况"
    said = "".join(_sentences(yongan, f"{IN_2020}&school_id=2135000001"))
    assert "东门小学现有义务教育阶段“留守儿童”共118人" in said
    assert "全市" not in said
    assert "成立关爱留守儿童领导小组。" in said
    assert "1所学校" not in said
    agency = yongan.get("bureau", f"/reports/implementation?{IN_2020}&agency=police")
    assert agency["title"] == "永安市公安局开展“红烛暖心”贫困留守儿童关爱活动落实情况"
    assert [each["heading"].partition("，")[0] for each in agency["sections"]] == ["建章立制", "建盟协作"]
    for key, figure in agency["figures"].items():
        answer = yongan.get("bureau", figure["rows"].removeprefix("/api/v1") + "&limit=1")
        assert bool(answer["items"]) == bool(figure["value"]), key


def test_a_report_on_the_past_knows_what_was_known_then(yongan: County) -> None:
    then = yongan.get("bureau", "/reports/implementation?from=2020-09-01&to=2020-10-31")["figures"]
    share = then["registry.academic_concern_share"]["value"]
    assert share == f"{100 * then['registry.academic_concern']['value'] / then['registry.children']['value']:.1f}%"
    assert then["registry.academic_concern"]["value"] < 319


def test_what_happens_after_the_days_of_a_report_changes_nothing_in_it_and_what_is_entered_late_does(
    county: County,
) -> None:
    of_referrals = {"title": BOTH, "unit": BOTH, "of": "referrals", "distinct": "child", "own": True}
    figures = (
        {"name": "referred", **of_referrals},
        {"name": "offered", **of_referrals, "where": {"state": "offered"}},
        {"name": "accepted", **of_referrals, "where": {"state": "accepted"}},
        {"name": "done", "title": BOTH, "unit": BOTH, "of": "tasks", "where": {"state": ["done", "late"]}},
    )
    declared = promise(figures=figures).model_dump(mode="json", by_alias=True)
    assert county.ask("bureau", "PUT", f"/programmes/{TALK}", declared).status_code == 200
    assert county.ask("bureau", "POST", f"/programmes/{TALK}/approve", {}).status_code == 200
    with database.transaction() as session:
        on_task_due(session, due(TALK, "child-own", "child-mate", day=MONDAY - timedelta(days=7)))
    offered = {"child_id": "child-mate", "organisation": "关爱会", "referred_on": "2020-11-17"}
    referral = county.ask("school", "POST", "/referrals", offered).json()["id"]

    def told(last: str = "2020-11-22") -> dict[str, Any]:
        found = county.get("bureau", f"/reports/implementation?from=2020-11-16&to={last}")["figures"]
        keys = ("registry.talk_coverage", *(f"{TALK}.{each['name']}" for each in figures))
        for rows in (found[key]["rows"].removeprefix("/api/v1") for key in keys[1:]):
            assert found[rows.split("/")[3]]["value"] == len(county.get("bureau", rows)["items"])
        return {key.rpartition(".")[2]: found[key]["value"] for key in keys}

    before = told()
    assert before == {"talk_coverage": "0.0%", "referred": 1, "offered": 1, "accepted": 0, "done": 0}
    assert county.ask("carers", "POST", f"/referrals/{referral}/accept", {"on": "2020-11-23"}).status_code == 200
    assert county.ask("school", "POST", "/records", TALKED).status_code == 201
    assert told() == before
    assert told("2020-11-23") == {"talk_coverage": "50.0%", "referred": 2, "offered": 1, "accepted": 1, "done": 1}
    late = TALKED | {"occurred_on": "2020-11-20", "child_ids": ["child-mate"]}
    assert county.ask("school", "POST", "/records", late).status_code == 201
    assert told() == before | {"talk_coverage": "50.0%", "done": 1}


def test_the_ledgers_are_written_in_the_words_of_a_clerk(yongan: County) -> None:
    book = openpyxl.load_workbook(io.BytesIO(_written(yongan, f"/reports/implementation?{IN_2020}&format=xlsx")))
    kinds = {
        sheet: {row[0] for row in book[sheet].iter_rows(2, None, 2, 2, values_only=True)}
        for sheet in ("结对台账", "过程记录")
    }
    assert "每周谈心" in kinds["过程记录"]
    assert "爱心家长结对" in kinds["结对台账"]
    assert not [kind for kind in kinds["结对台账"] | kinds["过程记录"] if kind.isascii()]


def test_the_workbook_names_no_child_and_holds_no_formula(yongan: County) -> None:
    with database.transaction() as session:
        names = set(session.scalars(select(Child.name)))
        session.scalars(select(Activity).limit(1)).one().name = "=1+1"
    book = openpyxl.load_workbook(io.BytesIO(_written(yongan, f"/reports/implementation?{IN_2020}&format=xlsx")))
    assert book.sheetnames == ["数据", "花名册", "结对台账", "过程记录", "活动台账", "补贴台账"]
    assert {sheet.title: sheet.max_row - 1 for sheet in book if sheet.title in ("花名册", "补贴台账")} == {
        "花名册": 1058,
        "补贴台账": 24,
    }
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not names & {cell.value for cell in cells}
    assert "=1+1" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} == {"s", "n"}


@pytest.mark.parametrize("who", sorted(set(PEOPLE) - {"bureau", "admin"}))
def test_the_report_is_the_bureau_s_alone(sqlite_county: County, who: str) -> None:
    report = sqlite_county.ask("bureau", "POST", "/reports", {"from": "2020-09-01", "to": "2020-11-23"}).json()["id"]
    days = "from=2020-09-01&to=2020-11-23"
    for method, path in (
        ("GET", f"/reports/implementation?{days}"),
        ("GET", f"/reports/figures/registry.children/rows?{days}"),
        ("GET", f"/reports/{report}"),
        ("POST", f"/reports/{report}/sign"),
    ):
        assert sqlite_county.ask(who, method, path).status_code == 404, path
        assert sqlite_county.ask("bureau", method, path).status_code == 200, path
        assert sqlite_county.ask(who, method, path.replace(report, "nobody")).status_code == 404, path


def test_what_cannot_be_reported_is_told(sqlite_county: County) -> None:
    days = "from=2020-09-01&to=2020-11-23"
    assert sqlite_county.ask("bureau", "GET", f"/reports/figures/registry.nothing/rows?{days}").status_code == 404
    assert sqlite_county.ask("bureau", "GET", "/reports/nobody").status_code == 404
    for wrong, field in (
        ("from=2020-12-31&to=2020-01-01", "to"),
        ("from=2099-01-01&to=2099-12-31", "from"),
        (f"{days}&school_id=nowhere", "school_id"),
        (f"{days}&agency=nobody", "agency"),
    ):
        answer = sqlite_county.ask("bureau", "GET", f"/reports/implementation?{wrong}")
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_report_is_the_same_on_both_databases_and_of_a_county_with_little_in_it(county: County) -> None:
    told = county.get("bureau", f"/reports/implementation?{IN_2020}")
    assert told["figures"]["registry.children"]["value"] == 3
    for figure in told["figures"].values():
        rows = county.get("bureau", figure["rows"].removeprefix("/api/v1"))["items"]
        if isinstance(figure["value"], int):
            assert sum(row["counted"] for row in rows) == figure["value"], figure
    for each in FORMATS:
        assert _written(county, f"/reports/implementation?{IN_2020}&format={each}")


def test_a_programme_s_figures_and_sentence_are_in_the_report_once_it_runs(county: County) -> None:
    figures = (
        {"name": "weeks", "title": BOTH, "unit": BOTH, "of": "activities", "sum": "weeks"},
        {"name": "tasks", "title": BOTH, "unit": BOTH, "of": "tasks"},
        {"name": "boarders", "title": BOTH, "unit": BOTH, "of": "children", "where": {"boarding": True}},
        {"name": "helped", "title": BOTH, "unit": BOTH, "of": "records", "kind": "talk", "distinct": "child"},
    )
    sentence = {"zh": "住校{boarders}。", "en": "{boarders} board."}
    declared = promise(figures=figures, sentence=sentence, section="help").model_dump(mode="json", by_alias=True)
    assert county.ask("bureau", "PUT", f"/programmes/{TALK}", declared).status_code == 200
    assert county.ask("bureau", "POST", f"/programmes/{TALK}/approve", {}).status_code == 200
    told = county.get("bureau", f"/reports/implementation?{IN_2020}")
    said = [text["text"] for part in told["sections"] for item in part["items"] for text in item["sentences"]]
    assert "住校3个。" in said
    assert {key: told["figures"][f"{TALK}.{key}"]["value"] for key in ("tasks", "boarders")} == {
        "tasks": 0,
        "boarders": 3,
    }
    answer = county.ask("bureau", "PUT", f"/programmes/{TALK}", declared | {"sentence": {"zh": "{no}", "en": "{no}"}})
    assert answer.status_code == 422
