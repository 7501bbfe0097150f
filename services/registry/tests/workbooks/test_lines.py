"""Whose the rows of a sheet are, and which of its lines are rows at all."""

import datetime as dt

import pytest

from hongzhu_registry.workbooks import read

BORN = dt.date(2011, 3, 4)
ROSTER = ["姓名", "身份证号", "年级"]


def child(desk, order, *before):
    return [*before, "张文", desk.id_number(BORN, order), "三年级"]


def schools(book, sheet=0):
    return [row.school_name for row in book.sheets[sheet].rows]


@pytest.mark.parametrize("first", ["石桥小学花名册", "填报单位：石桥小学", "石桥小学"])
@pytest.mark.parametrize(
    "second",
    [["红岭小学花名册"], ["填报单位（盖章）：红岭小学", "", "填报日期：2020年9月"], ["红岭小学"], ["红岭村小"]],
)
def test_each_of_the_schools_in_one_sheet_has_the_children_below_its_own_title(desk, first, second):
    below = [[second[0]], *([second] if second[1:] else []), ROSTER, child(desk, 2), child(desk, 3)]
    book = desk.hand_in([[first], ROSTER, child(desk, 1), ["合计", "1人"], *below])
    name = "红岭村小" if second == ["红岭村小"] else "红岭小学"
    assert schools(book) == ["石桥小学", name, name]
    assert book.rejected == []


def test_groups_under_the_names_of_their_schools_need_no_title_above_the_table(desk):
    numbered = [["序号", *ROSTER], ["石桥小学"], child(desk, 1, 1), ["红岭小学"], child(desk, 2, 1)]
    with_column = [["学校", *ROSTER], ["石桥小学"], child(desk, 1, ""), ["红岭小学"], child(desk, 2, "")]
    for rows in (numbered, with_column):
        book = desk.hand_in(rows)
        assert schools(book) == ["石桥小学", "红岭小学"]
        assert (book.rejected, book.warnings) == ([], [])


def test_a_title_repeated_on_each_page_keeps_the_code_that_stood_with_it(desk):
    page = [["石桥小学花名册"], ["序号", *ROSTER]]
    rows = [["石桥小学花名册 学校标识码：2152000001"], page[1], child(desk, 1, 1), *page, child(desk, 2, 2)]
    assert {row.school_code for row in desk.hand_in(rows).sheets[0].rows} == {"2152000001"}


def test_marks_belong_to_the_test_of_the_title_above_them(desk):
    def tests(day, order):
        return [[f"检测日期：2020年{day}"], ["姓名", "身份证号", "语文"], [*child(desk, order)[:2], 80]]

    book = desk.hand_in([*tests("7月9日", 1), *tests("11月11日", 1)])
    assert [row.tested_on.month for row in book.sheets[0].rows] == [7, 11]


@pytest.mark.parametrize(
    "line", [["", "", "", "石桥小学旁"], ["", "", "三年级", "石桥小学旁"], ["石桥小学小计", "1人"]]
)
def test_no_line_but_a_title_says_whose_the_rows_below_it_are(desk, line):
    rows = [["红岭小学花名册"], [*ROSTER, "家庭住址"], child(desk, 1), line, child(desk, 2)]
    assert schools(desk.hand_in(rows)) == ["红岭小学", "红岭小学"]


def test_a_line_that_says_more_than_its_school_is_a_row_and_not_a_title(desk):
    book = desk.hand_in([["学校", *ROSTER], ["红岭小学", "", "", "三年级"], child(desk, 1, "石桥小学")])
    assert (schools(book), [finding.row for finding in book.rejected]) == (["石桥小学"], [2])


def test_a_row_that_names_its_school_is_not_filed_under_the_code_in_the_title(desk):
    title = "石桥镇中心小学花名册 学校标识码：2152000001"
    rows = [["学校名称", *ROSTER], child(desk, 1, "石桥镇中心小学"), child(desk, 2, "红岭小学")]
    (sheet,) = desk.hand_in([[title], *rows]).sheets
    assert [(row.school_code, row.school_name) for row in sheet.rows] == [("", "石桥镇中心小学"), ("", "红岭小学")]


def test_a_school_written_once_for_its_group_is_its_rows_and_not_the_titles(desk):
    said = ["石桥镇中心小学", "", "红岭小学", "", ""]
    rows = [child(desk, order, school) for order, school in enumerate(said)]
    book = desk.hand_in([["石桥镇中心小学及村小花名册"], ["学校", *ROSTER], *rows])
    assert schools(book) == ["石桥镇中心小学"] * 2 + ["红岭小学"] * 3


def test_where_each_row_says_its_school_a_blank_one_is_nobodys(desk):
    for said in (
        ["石桥小学", "红岭小学", "红岭小学", ""],
        ["石桥小学", "红岭小学", "石桥小学", "红岭小学", "", "石桥小学"],
    ):
        rows = [child(desk, order, school) for order, school in enumerate(said)]
        assert schools(desk.hand_in([["石桥小学花名册"], ["学校", *ROSTER], *rows])) == said


def test_a_blank_school_is_the_titles_where_no_row_says_another(desk):
    rows = [child(desk, order, school) for order, school in enumerate(["石桥小学", "", "石桥小学"])]
    title = "石桥小学花名册 学校标识码：2152000001"
    (sheet,) = desk.hand_in([[title], ["学校", *ROSTER], *rows]).sheets
    assert {(row.school_code, row.school_name) for row in sheet.rows} == {("2152000001", "石桥小学")}


def test_a_school_merged_over_two_columns_and_its_rows_is_each_rows(desk):
    said = [["石桥小学", ""], ["", ""], ["红岭小学", ""], ["", ""]]
    rows = [child(desk, order, *school) for order, school in enumerate(said)]
    header = ["学校", "", *ROSTER]
    book = desk.hand_in([["石桥小学及村小花名册"], header, *rows], merges=["A2:B2", "A3:B4", "A5:B6"])
    assert schools(book) == ["石桥小学"] * 2 + ["红岭小学"] * 2


@pytest.mark.parametrize("title", ["上湾完小留守儿童花名册", "留守儿童花名册"])
def test_the_sheet_of_a_small_school_is_not_the_schools_of_the_files_name(desk, title):
    sheets = [[[title], ROSTER, child(desk, order)] for order in (1, 2)]
    book = read(desk.write(*sheets, names=("上湾完小", "红岭村小")), "石桥镇中心小学花名册.xlsx", desk.today)
    assert schools(book) == ["上湾完小"]
    assert schools(book, 1) == [title[:4] if title[0] == "上" else "红岭村小"]


@pytest.mark.parametrize(
    ("title", "school"),
    [
        ("石桥镇中心校花名册", "石桥镇中心校"),
        ("红岭村小学花名册", "红岭村小学"),
        ("大湖九年一贯制学校花名册", "大湖九年一贯制学校"),
        ("红岭初中2020年秋季花名册", "红岭初中"),
        ("青石一中高中部登记表", "青石一中"),
        ("青石县初中学生登记表", ""),
        ("青石县小学生登记表", ""),
        ("青石县义务教育学校留守儿童登记表", ""),
        ("青石县直属学校登记表", ""),
        ("青石县乡村小规模学校登记表", ""),
        ("青石县特殊教育学校花名册", "青石县特殊教育学校"),
        ("填报学校（盖章）：石桥小学", "石桥小学"),
        ("填报学校（盖章）：          填报人：李老", ""),
        ("制表单位：青石县教育局", ""),
        ("填报单位：青石县教育局", ""),
        ("石桥小学花名册   制表单位：青石县教育局", "石桥小学"),
        ("填报单位：青石县教育局机关幼儿园", "青石县教育局机关幼儿园"),
    ],
)
def test_a_title_names_a_school_and_nothing_that_only_sounds_like_one(desk, title, school):
    assert schools(desk.hand_in([[title], ROSTER, child(desk, 1)])) == [school]


@pytest.mark.parametrize(
    "footer",
    [
        ["学校（盖章）："],
        ["石桥小学（公章）"],
        ["本表一式两份，报教育局一份"],
        ["以上情况属实"],
        ["小计", "", "3人"],
        ["石桥小学小计", "3人"],
    ],
)
def test_nobody_is_made_of_a_footer(desk, footer):
    book = desk.hand_in([["姓名", "职务", "联系电话"], ["李老", "班主任", "13812345678"], footer])
    assert [row.name for row in book.sheets[0].rows] == ["李老"]
    assert (book.rejected, book.sheets[0].skipped_rows) == ([], [3])


@pytest.mark.parametrize(
    "figure",
    [
        "平均分",
        "平 均 分",
        "及格率",
        "优秀率（%）",
        "最高分",
        "最低分：60",
        "全班平均",
        "三年级二班及格率",
        "参考人数",
        "均分",
    ],
)
def test_what_a_mark_sheet_says_of_the_whole_class_is_nobodys_mark(desk, figure):
    head, row = ["序号", "姓名", "身份证号", "语文"], [1, "张文", desk.id_number(BORN, 1), 88]
    for footer in ([figure, "", "", 88], ["", figure, "", "88%"], [2, figure, "", 0.88]):
        book = desk.hand_in([["检测日期：2020年7月9日"], head, row, footer])
        assert [score.child_name for score in book.sheets[0].rows] == ["张文"]
        assert (book.rejected, book.sheets[0].skipped_rows) == ([], [4])


def test_a_pupil_without_a_number_is_no_figure(desk):
    head, row = ["学校", "姓名", "语文"], ["东门小学", "高平均", 88]
    book = desk.hand_in([["检测日期：2020年7月9日"], head, row, ["东门小学", "", 70]])
    assert [(score.child_name, score.source.row) for score in book.sheets[0].rows] == [("高平均", 3)]
    assert [each.reason.code for each in book.rejected] == ["missing"]


def test_what_only_begins_like_a_footer_is_a_row(desk):
    book = desk.hand_in([["活动名称", "日期", "地点"], ["学校开放日：走进校园", "2020-09-01", "东门小学"]])
    assert [row.name for row in book.sheets[0].rows] == ["学校开放日：走进校园"]


def test_a_sum_beside_a_merged_school_is_a_sum(desk):
    rows = [["学校", "姓名", "职务"], ["石桥小学", "李老", "班主任"], ["", "小计", ""]]
    book = desk.hand_in(rows, merges=["A2:A3"])
    assert [row.name for row in book.sheets[0].rows] == ["李老"]


def test_a_header_of_two_rows_is_known_again_on_the_next_page(desk):
    header = [["姓名", "身份证号", "年级", "父亲", "", "备注"], ["", "", "", "姓名", "电话"]]

    def row(order):
        return [*child(desk, order), "张军", "13812345678", ""]

    book = desk.hand_in([*header, row(1), *header, row(2)])
    assert (len(book.sheets[0].rows), book.rejected, book.sheets[0].skipped_rows) == (2, [], [4, 5])


def test_a_sheet_of_children_without_a_header_is_rejected_and_any_other_only_noted(desk):
    book = desk.hand_in([ROSTER, child(desk, 1)], [[], child(desk, 2)], [["早餐", "粥"]])
    assert [(each.sheet, each.row, each.reason.code) for each in book.rejected] == [("Sheet2", 2, "header_missing")]
    assert [each.sheet for each in book.warnings if each.reason.code == "layout_unknown"] == ["Sheet3"]


def test_children_without_a_header_are_no_cover_of_the_sheets_after_them(desk):
    book = desk.hand_in([[*child(desk, 1), "石桥小学"]], [ROSTER, child(desk, 2)])
    assert schools(book, 1) == [""]


def test_the_children_of_a_table_beside_the_first_are_rejected_each(desk):
    pair = [*child(desk, 1), *child(desk, 2)]
    book = desk.hand_in([[*ROSTER, *ROSTER], pair, ["", "", "", *child(desk, 3)], ["合计", "3人"]])
    assert [(each.row, each.column, each.reason.code) for each in book.rejected] == [
        (2, "E 身份证号", "table_beside"),
        (3, "E 身份证号", "table_beside"),
    ]
    assert len(book.sheets[0].rows) == 1


def test_a_parents_number_beside_the_childs_is_no_second_table(desk):
    parent = desk.id_number(dt.date(1985, 3, 4), 1)
    peer = desk.id_number(BORN, 7)
    rows = [[*ROSTER, "家长", "姓名", "身份证号"], [*child(desk, 1), "张军", "张军", parent]]
    assert desk.hand_in(rows).rejected == []
    assert desk.hand_in([[*ROSTER, "结对同伴", "身份证号"], [*child(desk, 1), "王乐", peer]]).rejected == []


CLASSES = {
    "三年级二班成绩表": (3, "2班"),
    "东门小学三（2）班花名册": (3, "2班"),
    "2020年秋季初一(3)班": (7, "3班"),
    "东门小学 年级：三年级 班级：2班": (3, "2班"),
    "2020-2021学年第一学期三年级": (3, ""),
    "2班": (None, "2班"),
    "红岭小学12班": (None, ""),
    "一至三年级": (None, ""),
    "三、四年级": (None, ""),
    "三年级1班、2班": (3, ""),
    "一班一品特色": (None, ""),
    "三十年级": (None, ""),
    "2020年3班": (None, ""),
}


@pytest.mark.parametrize("said", CLASSES)
def test_rows_that_tell_no_class_are_of_the_class_that_the_title_or_the_sheets_name_tells(desk, said):
    number = desk.id_number(BORN, 1)
    roster = [["姓名", "身份证号", "性别"], ["张文", number, "男"]]
    marks = [["姓名", "身份证号", "考试日期", "语文"], ["张文", number, "2020-07-09", 88]]
    for rows in (roster, marks):
        for book in (desk.hand_in([[said], *rows]), desk.hand_in(rows, names=[said])):
            [row] = book.sheets[0].rows
            assert (row.grade, row.class_name) == CLASSES[said]


def test_what_a_row_tells_of_its_class_is_not_the_titles(desk):
    def told(columns, *cells):
        rows = [
            ["三年级二班花名册"],
            ["姓名", "身份证号", "性别", *columns],
            ["张文", desk.id_number(BORN, 1), "男", *cells],
        ]
        [row] = desk.hand_in(rows).sheets[0].rows
        return row.grade, row.class_name

    assert told(["年级", "班级"], "四年级", "1班") == (4, "1班")
    assert told(["年级", "班级"], "四年级", "") == (4, "")
    assert told(["班级"], "四(1)班") == (4, "1班")
    assert told(["班级"], "1班") == (3, "1班")


def test_a_sheet_for_each_class_has_its_grade_in_the_files_name_and_none_from_a_sheet_that_explains(desk):
    roster = [["姓名", "身份证号", "性别"], ["张文", desk.id_number(BORN, 1), "男"]]
    explained = [["填写说明"], ["班级请按四年级1班的样式填写"]]
    book = read(desk.write(explained, roster, names=("说明", "2班")), "东门小学三年级.xlsx", desk.today)
    [row] = book.sheets[1].rows
    assert (row.school_name, row.grade, row.class_name) == ("东门小学", 3, "2班")
