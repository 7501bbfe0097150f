"""However another county lays its other workbooks out, the same rows come out: staff, scores, records, activities and more."""

import datetime as dt
from typing import Any

import pytest
from clerks import days_written, full_width
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongzhu_registry.workbooks import read, synonyms
from hongzhu_registry.workbooks.headers import letter
from hongzhu_registry.workbooks.kinds import KINDS

DAY = dt.date(2020, 10, 12)
YES, NO = st.sampled_from(["是", "√", "有", "Y", 1]), st.sampled_from(["否", "×", "无", "N", 0])
PHONE = "13812345678"


def said(*ways: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(ways)


def number(value: int) -> st.SearchStrategy[Any]:
    return said(value, float(value), str(value), full_width(str(value)), f"{value}人")


NAME = said("张文", "张 文", "张　文", " 张文 ")
PHONES = said(PHONE, float(PHONE), full_width(PHONE), "138-1234-5678", f"+86{PHONE}")
SCHOOL = {"school_code": ("2135000001", said("2135000001", 2135000001, full_width("2135000001")))}

# kind: what a row is, and of each column (as the kind calls it) what it must come out as and the ways to write it.
ROWS: dict[str, dict[str, tuple[Any, st.SearchStrategy[Any]]]] = {
    "staff": {
        **SCHOOL,
        "name": ("张文", NAME),
        "duty": ("班主任", said("班主任", " 班主任")),
        "grade": (3, said(3, "三年级", "3年级", "三")),
        "class_name": ("2班", said("2班", "(2)班", "（２）班", 2)),
        "party_member": (True, said("是", "党员", "中共党员", "√")),
        "phone": (PHONE, PHONES),
        "email": ("zhang@example.org", said("zhang@example.org")),
    },
    "score": {
        **SCHOOL,
        "child_name": ("张文", NAME),
        "tested_on": (DAY, days_written(DAY)),
        "mark.语文": (61.5, said(61.5, "61.5", full_width("61") + ".5")),
        "mark.数学": (88.0, said(88, "88", "88分", full_width("88"))),
        "mark.英语": (None, said("", "缺考", "免考")),
    },
    "record": {
        **SCHOOL,
        "child_name": ("张文", NAME),
        "kind": ("talk", said("谈心", "谈话", " 谈心谈话")),
        "occurred_on": (DAY, days_written(DAY)),
        "recorded_by": ("李老", said("李老", "李 老")),
        "topic": ("学习", said("学习", " 学习 ")),
        "note": ("好", said("好")),
    },
    "activity": {
        "code": ("HD01", said("HD01", "hd01", "HD 01", full_width("HD01"))),
        "agency": ("市公安局", said("市公安局", " 市公安局")),
        "name": ("交通安全讲座", said("交通安全讲座")),
        "held_on": (DAY, days_written(DAY)),
        "place": ("东门小学", said("东门小学")),
        "attendance": (520, number(520)),
        "brochures": (300, said(300, "300", "300册", full_width("300"))),
    },
    "attendance": {
        "activity_code": ("HD01", said("HD01", "hd01")),
        "child_name": ("张文", NAME),
        "attended": (True, YES),
    },
    "supporter": {
        "agency": ("市妇联", said("市妇联")),
        "category": ("爱心家长", said("爱心家长")),
        "name": ("张文", NAME),
        "phone": (PHONE, PHONES),
        "capacity": (2, said(2, 2.0, "2", full_width("2"), "2人")),
        "status": ("vetted", said("已审核", "通过", "合格")),
    },
    "subsidy": {
        **SCHOOL,
        "child_name": ("张文", NAME),
        "teacher": ("李老", said("李老", "李 老")),
        "taught_on": (DAY, days_written(DAY)),
        "transport": (30.0, said(30, "30", "30元", full_width("30"))),
        "meals": (15.0, said(15, "15")),
        "status": ("paid", said("已发放", "已发")),
    },
    "referral": {
        **SCHOOL,
        "child_name": ("张文", NAME),
        "referred_on": (DAY, days_written(DAY)),
        "cause": ("情绪低落", said("情绪低落")),
        "referred_to": ("总工会", said("总工会")),
        "counselled_on": (DAY, days_written(DAY)),
    },
    "enrolment": {
        **SCHOOL,
        "child_name": ("张文", NAME),
        "starts_on": (DAY, days_written(DAY)),
        "free": (True, said("是", "免费", "√", 1)),
    },
}


def _headings(draw: Any, kind: str, field: str) -> str:
    """One of the words for a column; its own only, for what else it may say may be another column of the sheet."""
    [column] = [each for known in KINDS if known.name == kind for each in known.columns if each.field == field]
    word = column.words[0]
    choices = synonyms.WORDS[word].split() if word in synonyms.WORDS else [word.removeprefix("mark.")]
    heading = draw(st.sampled_from(choices))
    return draw(st.sampled_from(["", "  "])) + heading + draw(st.sampled_from(["", "*", "（必填）", "\n"]))


@st.composite
def sheets(draw: Any, kind: str) -> tuple[list[list[Any]], list[str], int]:
    """A sheet of one county or another, its merged areas, and how many rows it holds."""
    fields: list[str] = draw(st.permutations(list(ROWS[kind])))
    heading = [_headings(draw, kind, field) for field in fields]
    unknown = draw(st.integers(0, 2))
    top: list[list[Any]] = [["某县2020年秋季工作台账"], ["填报日期:2020年9月15日"], []][: draw(st.integers(0, 3))]
    merges: list[str] = []
    rows = [*top]
    if draw(st.booleans()):
        # Two levels: some of the columns stand under a common heading, the others reach over both rows.
        width = draw(st.integers(1, len(fields)))
        rows += [["基本信息", *[""] * (width - 1), *heading[width:]], [*heading[:width], *[""] * (len(fields) - width)]]
        line = len(top) + 1
        merges = [f"A{line}:{letter(width - 1)}{line}"] if width > 1 else []
        merges += [f"{letter(index)}{line}:{letter(index)}{line + 1}" for index in range(width, len(fields))]
    else:
        rows.append([*heading, *(f"自填项{each}" for each in range(unknown))])
    count = draw(st.integers(1, 3))
    for _ in range(count):
        rows.append([draw(ROWS[kind][field][1]) for field in fields] + ["随便"] * (unknown if not merges else 0))
    rows += [[], ["合计", f"{count}"], ["填表人:某某", "", "复核人:"]][: draw(st.integers(0, 3))]
    return rows, merges, count


@pytest.mark.parametrize("kind", ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_same_rows_come_out_of_any_layout(desk: Any, kind: str, data: Any) -> None:
    rows, merges, count = data.draw(sheets(kind))
    cover = [[["工作台账"], ["请如实填写"]]] if data.draw(st.booleans()) else []
    book = read(desk.write(*cover, rows, merges=merges), "甲.xlsx", desk.today)
    sheet = book.sheets[-1]
    assert sheet.kind == kind
    assert [finding.reason.text("en") for finding in book.rejected] == []
    assert len(sheet.rows) == count
    for row in sheet.rows:
        for field, (expected, _) in ROWS[kind].items():
            name, _, subject = field.partition(".")
            found = row.marks.get(subject) if name == "mark" else getattr(row, name)
            assert found == expected, field
