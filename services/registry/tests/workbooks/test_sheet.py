import datetime as dt

import pytest
from clerks import BORN, ROSTER, line, one

from hongzhu_registry.workbooks import (
    Opened,
    UnreadableWorkbook,
    read,
)

BAD = {
    "missing": {"姓名": ""},
    "name_unclear": {"姓名": "12345"},
    "id_lost_digits": {"身份证号": 3.50481201103041e17},
    "id_length": {"身份证号": "35048120110304"},
    "id_characters": {"身份证号": "3504812011030412?1"},
    "id_checksum": {"身份证号": "350481201103041211"},
    "sex_differs": {"性别": "女"},
    "sex_unclear": {"性别": "未知"},
    "birth_differs": {"出生日期": "2011-03-05"},
    "date_unclear": {"出生日期": "属兔"},
}


@pytest.mark.parametrize("code", BAD)
def test_a_row_is_rejected_for_what_is_wrong_and_its_neighbours_are_kept(desk, code):
    bad = line(desk, **BAD[code])
    book = desk.hand_in([["登记表"], ROSTER, line(desk, "李天", 123), bad, line(desk, "王乐", 125)])
    (finding,) = book.rejected
    assert (finding.reason.code, finding.file, finding.sheet, finding.row) == (code, "任意.xlsx", "Sheet1", 4)
    (heading,) = BAD[code]
    assert finding.column == f"{'ABCDEFG'[ROSTER.index(heading)]} {heading}"
    assert [c.name for c in book.sheets[0].rows] == ["李天", "王乐"]


@pytest.mark.parametrize("code", BAD)
def test_no_reason_tells_a_name_or_a_number(desk, code):
    bad = line(desk, **BAD[code])
    book = desk.hand_in([ROSTER, bad, line(desk, 监护人电话="不是电话"), line(desk)])
    for finding in [*book.rejected, *book.warnings]:
        said = "".join(
            (
                finding.column,
                *(finding.reason.text(g) + finding.reason.mend(g) for g in ("zh", "en")),
                str(finding.reason),
            )
        )
        for value in [v for v in (*bad, *line(desk)) if len(str(v)) > 1]:
            assert str(value) not in said


def test_a_child_told_otherwise_in_one_file_is_rejected_the_second_time_even_on_another_sheet(desk):
    again = line(desk, 年级="四年级")
    book = desk.hand_in([ROSTER, line(desk)], [ROSTER, line(desk, "李天", 123), again])
    (finding,) = book.rejected
    assert (finding.sheet, finding.row, finding.reason.code) == ("Sheet2", 3, "twice")
    assert finding.reason.params == {"sheet": "Sheet1", "row": 2}


def test_a_child_told_twice_in_the_same_words_is_one_child_and_no_row_is_rejected(desk):
    head = ["序号", *ROSTER]
    lines = [[1, *line(desk)], [2, *line(desk, "李天", 123)], [3, *line(desk, "张 文")]]
    book = desk.hand_in([head, *lines], [head, [1, *line(desk)]])
    assert [[child.name for child in sheet.rows] for sheet in book.sheets] == [["张文", "李天"], []]
    assert book.rejected == []
    assert [(each.sheet, each.row, each.reason.code, each.reason.params) for each in book.warnings] == [
        ("Sheet1", 4, "told_twice", {"sheet": "Sheet1", "row": 2}),
        ("Sheet2", 2, "told_twice", {"sheet": "Sheet1", "row": 2}),
    ]
    assert book.sheets[0].skipped_rows == [4]


def test_a_rejected_row_does_not_make_its_correction_a_duplicate(desk):
    book = desk.hand_in([ROSTER, line(desk, 性别="女"), line(desk)])
    assert [f.reason.code for f in book.rejected] == ["sex_differs"]
    assert len(book.sheets[0].rows) == 1


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_a_cell_whose_formula_failed_costs_its_row_and_is_told_as_what_it_is(desk, error):
    head = [*ROSTER, "寄宿", "特困"]
    ticked = [[*line(desk, "李天", 123), error, "是"], [*line(desk), "是", "否"]]
    for sheets in ([[head, *ticked]], [[ROSTER, line(desk, order=127)], [["登记表"], [], head, *ticked]]):
        book = desk.hand_in(*sheets)
        (finding,) = book.rejected
        where = (finding.sheet, finding.row, finding.column)
        assert where == (f"Sheet{len(sheets)}", len(sheets[-1]) - 1, "H 寄宿")
        assert (finding.reason.code, finding.reason.params) == ("cell_failed", {"error": error})
        assert [(child.name, child.boarding) for child in book.sheets[-1].rows] == [("张文", True)]


def test_of_two_ticks_one_of_which_failed_none_is_taken_for_the_answer(desk):
    for ticks in (["是", "#N/A"], ["#N/A", "是"], ["否", "#REF!"]):
        book = desk.hand_in([[*ROSTER, "低保", "特困"], line(desk) + ticks])
        assert [each.reason.code for each in book.rejected] == ["cell_failed"]


def test_a_birth_in_the_future_is_rejected(desk):
    number = desk.id_number(dt.date(2020, 11, 24), 121)
    book = desk.hand_in([["姓名", "身份证号", "年级"], ["张文", number, "一年级"]])
    assert [f.reason.code for f in book.rejected] == ["id_birth_future"]


def test_a_bad_telephone_or_grade_is_a_warning_and_the_row_is_kept(desk):
    book = desk.hand_in([ROSTER, line(desk, 监护人电话="123", 年级="很高")])
    (child,) = book.sheets[0].rows
    assert (child.guardian.phone, child.grade) == ("", None)
    assert {f.reason.code for f in book.warnings} == {"phone_unclear", "grade_unclear"}
    assert book.rejected == []


def test_a_parents_number_in_the_childs_cell_is_a_warning(desk):
    number = desk.id_number(dt.date(1980, 3, 4), 121)
    book = desk.hand_in([["姓名", "身份证号", "年级", "学校"], ["张文", number, "一年级", "东门小学"]])
    assert [f.reason.code for f in book.warnings] == ["age_unlikely"]


def test_a_school_on_the_cover_holds_for_the_sheets_after_it(desk):
    book = desk.hand_in([["登记册"], ["学校标识码", 2135000001]], [ROSTER[:6], line(desk)[:6]])
    assert [s.kind for s in book.sheets] == [None, "child"]
    assert book.sheets[1].rows[0].school_code == "2135000001"


@pytest.mark.parametrize(
    ("title", "school"),
    [
        ("东门小学2020年秋季农村留守儿童情况登记表", "东门小学"),
        ("2020年秋季东门小学留守儿童花名册", "东门小学"),
        ("填报单位:燕东实验小学(示例)(盖章)", "燕东实验小学(示例)"),
        ("2020-2021学年第一学期永安市第四中学登记表", "永安市第四中学"),
        ("清溪一小留守儿童基本信息表", "清溪一小"),
        ("清溪县第一中心小学登记表", "清溪县第一中心小学"),
        ("清溪七中登记表", "清溪七中"),
        ("永安市中小学留守儿童登记表", ""),
        ("留守儿童花名册", ""),
    ],
)
def test_a_title_names_the_school(desk, title, school):
    book = desk.hand_in([[title], ROSTER[:6], line(desk)[:6]])
    assert book.sheets[0].rows[0].school_name == school
    assert ("school_unnamed" in {f.reason.code for f in book.warnings}) == (not school)


def test_a_cover_is_no_sheet_that_somebody_has_to_look_at(desk):
    book = read(
        desk.write([["东门小学"], ["填表人", "王老师"]], [ROSTER, line(desk)], names=("封面", "花名册")),
        "甲.xlsx",
        desk.today,
    )
    assert book.sheets[0].warnings == []
    book = read(
        desk.write([["东门小学"], ["填表人", "王老师"]], [ROSTER, line(desk)], names=("一", "二")),
        "甲.xlsx",
        desk.today,
    )
    assert [each.reason.code for each in book.sheets[0].warnings] == ["layout_unknown"]


@pytest.mark.parametrize(
    ("cover", "sheet", "file", "school"),
    [
        ("留守儿童材料", "北塔小学", "03-东门小学.xlsx", "北塔小学"),
        ("巴溪湾小学材料", "北塔小学", "03-东门小学.xlsx", "北塔小学"),
        ("巴溪湾小学材料", "名单", "03-东门小学.xlsx", "巴溪湾小学"),
        ("留守儿童材料", "名单", "03-东门小学(终稿).xlsx", "东门小学(终稿)"),
        ("留守儿童材料", "名单", "全县各学校.xlsx", ""),
    ],
)
def test_where_no_title_names_the_school_the_sheet_the_cover_or_the_file_does(desk, cover, sheet, file, school):
    roster = [["留守儿童花名册"], ROSTER[:6], line(desk)[:6]]
    book = read(desk.write([[cover]], roster, names=("封面", sheet)), file, desk.today)
    assert book.sheets[1].rows[0].school_name == school


def test_a_hidden_sheet_is_left_out_and_said(desk):
    book = desk.hand_in([ROSTER, line(desk)], [ROSTER, line(desk, "李天", 123)], hidden=1)
    assert [len(s.rows) for s in book.sheets] == [1, 0]
    assert [f.reason.code for f in book.warnings] == ["sheet_hidden"]


def test_a_header_repeated_on_each_page_and_numbered_blank_lines_are_skipped(desk):
    header = ["序号", *ROSTER]
    book = desk.hand_in([header, [1, *line(desk)], header, [2, *line(desk, "李天", 123)], [3], [4]])
    assert (len(book.sheets[0].rows), book.sheets[0].skipped_rows, book.rejected) == (2, [3, 5, 6], [])


def test_a_line_that_tells_an_identity_number_is_no_footer_however_it_begins(desk):
    header = ["备注", *ROSTER]
    lines = [["注：寄宿", *line(desk)], ["小计", *line(desk, 身份证号="350481201103041211")], ["合计：2人"]]
    book = desk.hand_in([header, *lines])
    assert [child.name for child in book.sheets[0].rows] == ["张文"]
    assert [(finding.row, finding.reason.code) for finding in book.rejected] == [(3, "id_checksum")]
    assert book.sheets[0].skipped_rows == [4]


def test_every_line_is_taken_rejected_or_left_out_for_a_reason(demo, demo_files):
    """No line of the fifty workbooks of a county is lost between what was written and what was read."""
    told = 0
    for book, path in zip(demo(), demo_files, strict=True):
        with Opened(path.read_bytes()) as opened:
            written = {packed.name: packed.grid().rows for packed in opened.sheets()}
        for sheet in book.sheets:
            lines = {number for number, row in enumerate(written[sheet.name], 1) if row}
            taken = [row.source.row for row in sheet.rows]
            rejected = [finding.row for finding in sheet.rejected]
            if sheet.kind:
                first = min((*taken, *rejected))
                accounted = [*taken, *rejected, *sheet.skipped_rows]
                assert sorted(accounted) == sorted(number for number in lines if number >= first)
                told += len(accounted)
    assert told > 20_000


def test_a_merged_school_name_holds_for_every_child_beside_it(desk):
    rows = [["学校名称", *ROSTER[:6]], ["东门小学", *line(desk)[:6]], ["", *line(desk, "李天", 123)[:6]]]
    book = desk.hand_in(rows, merges=["A2:A3"])
    assert [c.school_name for c in book.sheets[0].rows] == ["东门小学", "东门小学"]


def test_a_workbook_of_unknown_layout_is_unreadable(desk):
    with pytest.raises(UnreadableWorkbook) as unreadable:
        desk.hand_in([["食堂菜谱"], ["星期", "早餐"], ["一", "粥"]])
    assert unreadable.value.code == "unknown_layout"


def test_the_unit_and_the_relation_of_a_proxy_parent_are_nobody_elses(desk):
    head = [*ROSTER[:5], "代理家长", "单位", "与儿童关系", "联系电话"]
    row = [*line(desk)[:5], "李代", "县财政局", "邻居", "13812345679"]
    child = one(desk.hand_in([["红岭小学花名册"], head, row]))
    assert (child.school_name, child.proxy_parent_phone, child.guardian.relation) == ("红岭小学", "13812345679", "")


@pytest.mark.parametrize(
    ("header", "cell", "field", "value"),
    [
        ("是否低保/建档立卡", "是", "in_poverty", True),
        ("低保户", "√", "in_poverty", True),
        ("是否残疾", "否", "disability", ""),
        ("留守类型", "父母双方外出", "left_behind_type", "双亲留守"),
        ("留守类型", "母亲外出", "left_behind_type", "单亲留守"),
        ("出生年月", "2011年3月", "born_on", BORN),
    ],
)
def test_a_roster_of_another_county_says_it_in_other_words(desk, header, cell, field, value):
    head = [each for each in ROSTER if each != "出生日期"]
    told = dict(zip(ROSTER, line(desk), strict=True))
    book = desk.hand_in([[*head, header], [*(told[each] for each in head), cell]])
    assert (getattr(one(book), field), book.rejected, book.warnings) == (value, [], [])


@pytest.mark.parametrize(
    ("cells", "poor", "warned"),
    [
        (["", "√", ""], True, 0),
        (["否", "否", "否"], False, 0),
        (["不详", "", "是"], True, 0),
        (["", "不详", ""], False, 1),
    ],
)
def test_several_columns_may_ask_for_one_yes(desk, cells, poor, warned):
    book = desk.hand_in([[*ROSTER, "建档立卡", "低保户", "特困"], [*line(desk), *cells]])
    assert (one(book).in_poverty, len(book.warnings)) == (poor, warned)


def test_a_month_of_birth_that_is_not_the_numbers_is_rejected(desk):
    book = desk.hand_in([ROSTER, line(desk, 出生日期="2011年4月")])
    assert [each.reason.code for each in book.rejected] == ["birth_differs"]


@pytest.mark.parametrize("place", ["家", "在家务农", "已故", "病故"])
def test_a_parent_at_home_or_dead_is_not_away(desk, place):
    child = one(desk.hand_in([[*ROSTER, "父亲姓名", "父亲务工地点"], [*line(desk), "张父", place]]))
    assert child.father.at_home
