"""What ``hongzhu import`` tells people: every place once, in order, with nothing empty in it."""

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from county import County

from hongzhu_registry.imports.commands import import_command, summary
from hongzhu_registry.imports.result import Result
from hongzhu_registry.imports.service import workbooks_in
from hongzhu_registry.workbooks import Finding, Reason, Source, say


def _finding(file: str, sheet: str, row: int | None, column: str = "", code: str = "missing") -> Finding:
    return Finding(file, sheet, row, column, Reason(code))


def test_rows_are_told_in_order_and_the_same_of_a_sheet_once() -> None:
    result = Result(
        files=["b.xlsx"],
        rejected=[_finding("b.xlsx", "表", 5, "A 姓名"), _finding("a.xlsx", "表", 12), _finding("a.xlsx", "表", 7)],
        warnings=[_finding("b.xlsx", "旧", None, code="sheet_hidden")],
        conflicts=[
            {"child": "1", "files": ["a.xlsx", "b.xlsx"], "proposal": "留", "school_id": "s"},
        ],
    )
    for row in (3, 4, 5, 9):
        result.reject_school(Source("b.xlsx", "表二", row, {"school_name": "A 学校"}), "", "无名小学")
    assert summary(result).splitlines() == [
        "新增：0",
        "退回：7",
        "  a.xlsx · 表 · 第 7, 12 行 · 必填项为空 · 请补填后重新导入",
        "  b.xlsx · 表 · 第 5 行 · A 姓名 · 必填项为空 · 请补填后重新导入",
        "  b.xlsx · 表二 · 第 3-5, 9 行 · A 学校 · 没有这所学校：无名小学 · 请先导入学校名单，或核对学校标识码",
        "提醒：1",
        "  b.xlsx · 旧 · 工作表已隐藏，未导入 · 如需导入，请先取消隐藏",
        "重复登记：1",
        "  a.xlsx，b.xlsx · 留",
    ]
    assert len(result.as_json()["rejected"]) == 7


def test_a_row_that_names_no_school_says_so() -> None:
    result = Result()
    result.reject_school(Source("a.xlsx", "表", 3), "", "")
    assert [each.reason.code for each in result.rejected] == ["school_unnamed"]


@pytest.mark.parametrize("number", ["350481201001010018", "13950000001"])
def test_a_persons_number_in_the_wrong_cell_is_not_told(number: str) -> None:
    assert say(f"学校{number}") == "…"
    assert say("3504810101") == "3504810101"


def test_where_there_is_no_workbook_it_is_said(empty_registry: County, tmp_path: Path) -> None:
    (tmp_path / "名单.txt").write_text("a,b")
    (tmp_path / "~$花名册.xlsx").write_text("")
    told = CliRunner().invoke(import_command, [str(tmp_path)])
    assert (told.exit_code, told.stdout) == (2, "")
    assert "名单.txt" in told.stderr
    assert "没有工作簿" in told.stderr
    assert "~$" not in told.stderr


@pytest.mark.parametrize("suffix", ["csv", "et", "xlsb", "ods"])
def test_a_table_in_a_format_that_is_not_read_is_told_as_one_to_be_saved_in_another(
    empty_registry: County, tmp_path: Path, suffix: str
) -> None:
    (tmp_path / f"名单.{suffix}").write_text("a,b")
    told = CliRunner().invoke(import_command, [str(tmp_path), "--json"])
    assert told.exit_code == 2
    [unread] = json.loads(told.stdout)["unreadable"]
    assert unread["file"] == f"名单.{suffix}"
    assert ".xlsx" in unread["mend"]


def test_files_of_one_name_are_told_apart_by_their_folders_and_a_macs_shadows_are_nobodys(
    empty_registry: County, tmp_path: Path
) -> None:
    for folder in ("红岭", "石桥"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "花名册.xlsx").write_text("no workbook")
        (tmp_path / folder / "._花名册.xlsx").write_text("a shadow")
    names = ["石桥/花名册.xlsx", "红岭/花名册.xlsx"]
    for handed_in in ([tmp_path], [tmp_path / "红岭", tmp_path / "石桥"], [tmp_path / name for name in names]):
        told = CliRunner().invoke(import_command, [*map(str, handed_in), "--json"])
        assert sorted(each["file"] for each in json.loads(told.stdout)["unreadable"]) == names
    [alone] = workbooks_in([tmp_path / names[0]])
    assert alone[0] == "花名册.xlsx"


def test_unknown_columns_are_named_by_letter_and_header(empty_registry: County, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["学校标识码", "学校名称", "姓名", "身份证号", "年级", "爱好"], ["9", "无名小学", "张", "1", 3, "球"]):
        book.active.append(row)
    book.save(tmp_path / "花名册.xlsx")
    told = CliRunner().invoke(import_command, [str(tmp_path)])
    assert told.exit_code == 3
    assert "未识别的列已忽略：F 爱好" in told.stdout
    assert "None" not in told.stdout
    assert "" not in told.stdout.splitlines()
