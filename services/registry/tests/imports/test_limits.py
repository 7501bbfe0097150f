"""What a cell may say: as much as is kept is kept, and more costs that row alone, whatever the kind of sheet."""

import io
from typing import Any

import pytest
from county import County
from rosters import id_number, line, workbook
from xlsxwriter import Workbook

from hongzhu_registry.imports.service import STORES, take_in
from hongzhu_registry.workbooks import Finding, synonyms
from hongzhu_registry.workbooks.cells import UnclearError
from hongzhu_registry.workbooks.column import Column
from hongzhu_registry.workbooks.kinds import KINDS, Kind

NUMBER = id_number(1)
CHILD = {"id_number": NUMBER}
FILLED: dict[str, dict[str, Any]] = {
    "child": {"id_number": id_number(3), "sex": "", "grade": "3"},
    "school": {"stage": "小学"},
    "staff": {"duty": "班主任"},
    "calendar": {"kind": "学期", "starts_on": "2020-09-01", "ends_on": "2021-01-20"},
    "supporter": {"capacity": 3, "status": "通过"},
    "score": CHILD | {"tested_on": "2020-07-09", "mark": 88},
    "record": CHILD | {"kind": "谈心", "occurred_on": "2020-11-02", "hours": 2},
    "referral": CHILD | {"referred_on": "2020-11-02"},
    "subsidy": CHILD | {"taught_on": "2020-11-02", "transport": 20, "meals": 10},
    "enrolment": CHILD | {"starts_on": "2020-09-01", "free": "是"},
    "activity": {"held_on": "2020-11-02"},
    "attendance": CHILD | {"activity_code": "HD1", "attended": "是"},
    "facility": {"status": "已建立"},
    "leadership": {"level": "市级"},
    "document": {"year": 2020},
}
"""What a row of each kind must say, beside its texts."""
LOOKED_UP = {"school_code", "school_name", "child_name", "activity_code", "activity_name"}
"""Texts that are not kept: by them something is found."""


def is_text(column: Column) -> bool:
    try:
        said = column.said("字")
    except UnclearError:
        return False
    return (said[1] if isinstance(said, tuple) else said) in ("字", "字族")


def title_of(column: Column) -> str:
    """A header for the column, made of the table of synonyms."""
    said = synonyms.WORDS | synonyms.ALONE
    for word in column.words:
        person, _, leaf = word.rpartition("_")
        written = (
            said[word].split()[0]
            if word in said
            else word.removeprefix("mark.")
            if word.startswith("mark.")
            else synonyms.PEOPLE[person].split()[0] + synonyms.LEAVES[leaf].split()[0]
        )
        if synonyms.word(written) == word:
            return written
    raise AssertionError(column.field)


def full(column: Column) -> str:
    """As long a text as the column keeps."""
    return "字" * (column.longest - 1) + ("族" if column.field == "ethnicity" else "字")


def sheet_of(kind: Kind, *changes: dict[str, str]) -> bytes:
    """A row with every text as long as may be, and then one more for each of the changes."""
    columns = [each for each in kind.columns if each.field not in LOOKED_UP or each.field in FILLED[kind.name]]
    if any(each.field == "school_code" for each in kind.columns) and kind.name in ("child", "staff"):
        columns.append(next(each for each in kind.columns if each.field == "school_name"))
    row: dict[str, Any] = {each.field: full(each) for each in columns if is_text(each)}
    row |= {"school_name": "school-own小学"} | FILLED[kind.name]
    columns = [each for each in columns if each.field in row]
    out = io.BytesIO()
    with Workbook(out) as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, [title_of(each) for each in columns])
        for number, change in enumerate(({}, *changes), 1):
            sheet.write_row(number, 0, [(row | change)[each.field] for each in columns])
    return out.getvalue()


def places(findings: list[Finding]) -> list[tuple[str, str, int | None, str, str]]:
    return [(each.file, each.sheet, each.row, each.column.partition(" ")[2], each.reason.code) for each in findings]


def test_there_is_a_row_of_every_kind() -> None:
    assert FILLED.keys() == STORES.keys() == {each.name for each in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.name)
def test_as_much_as_is_kept_is_taken_and_a_cell_that_cannot_be_kept_costs_its_row_alone(
    kind: Kind, county: County
) -> None:
    before = [("花名册.xlsx", workbook([line(1)]))]
    if kind.name == "attendance":
        activity = next(each for each in KINDS if each.name == "activity")
        before.append(("活动.xlsx", sheet_of(activity, {"code": "HD1"})))
    assert take_in(before, lambda *_: None).rejected == []
    texts = [each for each in kind.columns if is_text(each) and each.field not in LOOKED_UP | FILLED[kind.name].keys()]
    changes = [{each.field: full(each) + "长"} for each in texts if each.field != "ethnicity"]
    changes += [{each.field: f"字{unfit}字"} for each in texts for unfit in ("\x00", "\x07", "\x1b")]
    result = take_in([("表.xlsx", sheet_of(kind, *changes))], lambda *_: None)
    assert places(result.rejected) == [
        (
            "表.xlsx",
            "表",
            number,
            title_of(next(each for each in texts if each.field == field)),
            "too_long" if len(said) > 3 else "characters_unfit",
        )
        for number, change in enumerate(changes, 3)
        for field, said in change.items()
    ]
    assert result.stored == 1
    told = str(result.as_json())
    assert "字字字" not in told, "what a cell says is not told"
    assert all(each["mend"] for each in result.as_json()["rejected"])


@pytest.mark.parametrize("number", [1e12, 3_000_000_000, float("1e300")])
def test_a_number_that_no_county_reaches_is_left_blank_with_a_warning(number: float, county: County) -> None:
    supporters = next(each for each in KINDS if each.name == "supporter")
    content = sheet_of(supporters, {"name": "李四", "capacity": number})  # type: ignore[dict-item]
    result = take_in([("表.xlsx", content)], lambda *_: None)
    assert "number_unclear" in {each.reason.code for each in result.warnings}
    assert (result.accepted["supporters"], result.rejected) == (2, [])


def test_a_file_with_a_very_long_name_is_taken_in(county: County) -> None:
    assert take_in([("长" * 250 + ".xlsx", workbook([line(1)]))], lambda *_: None).accepted["children"] == 1
