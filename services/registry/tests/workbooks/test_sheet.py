import datetime as dt

import pytest

from hongzhu_registry.workbooks import (
    Activity,
    Attendance,
    CalendarEntry,
    Opened,
    Record,
    Score,
    Staff,
    UnreadableWorkbook,
    read,
)

ROSTER = ["姓名", "身份证号", "性别", "出生日期", "年级", "监护人电话", "学校标识码"]
BORN = dt.date(2011, 3, 4)


def line(desk, name="张文", order=121, **changed):
    row = dict(
        zip(ROSTER, [name, desk.id_number(BORN, order), "男", "2011-03-04", "三年级", "13812345678", "1"], strict=True)
    )
    return list((row | changed).values())


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


def test_a_child_twice_in_one_file_is_rejected_the_second_time_even_on_another_sheet(desk):
    book = desk.hand_in([ROSTER, line(desk)], [ROSTER, line(desk, "李天", 123), line(desk)])
    (finding,) = book.rejected
    assert (finding.sheet, finding.row, finding.reason.code) == ("Sheet2", 3, "twice")
    assert finding.reason.params == {"sheet": "Sheet1", "row": 2}


def test_a_rejected_row_does_not_make_its_correction_a_duplicate(desk):
    book = desk.hand_in([ROSTER, line(desk, 性别="女"), line(desk)])
    assert [f.reason.code for f in book.rejected] == ["sex_differs"]
    assert len(book.sheets[0].rows) == 1


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


def one(book):
    (sheet,) = book.sheets
    (row,) = sheet.rows
    return row


def test_records_of_another_county(desk):
    number = desk.id_number(BORN, 121)
    head = ["学校", "谈话时间", "学生姓名", "公民身份号码", "谈话教师"]
    row = ["东门小学", "2020.9.1", "张文", number, "李老"]
    for extra, kind in {"谈话内容": "talk", "辅导科目": "tutoring", "通话方式": "call", "走访形式": "visit"}.items():
        record = one(desk.hand_in([[*head, extra], [*row, "某某"]]))
        assert (type(record), record.kind, record.school_name) == (Record, kind, "东门小学")
    assert one(desk.hand_in([[*head, "记录类型"], [*row, "家访"]])).kind == "visit"
    assert one(desk.hand_in([["谈心谈话记录表"], head, row])).kind == "talk"
    assert desk.hand_in([head, row]).rejected[0].reason.code == "record_kind_unknown"
    assert (
        desk.hand_in([[*head, "主题"], [*row[:1], "2020-12-01", *row[2:], "x"]]).rejected[0].reason.code
        == "date_future"
    )


@pytest.mark.parametrize(
    ("title", "extra", "kind"),
    [
        ("每周谈心记录", "方式", "talk"),
        ("家访谈话记录表", "谈话内容", "visit"),
        ("亲情通话记录", "交流内容", "call"),
        ("送教上门辅导记录", "辅导内容", "home_teaching"),
        ("学业辅导台账", "形式", "tutoring"),
        ("谈心、家访记录", "形式", "visit"),
    ],
)
def test_the_title_tells_the_kind_of_record_before_a_column_does(desk, title, extra, kind):
    head, row = ["姓名", "身份证号", "日期", extra], ["张文", desk.id_number(BORN, 121), "2020.9.1", "某某"]
    assert one(desk.hand_in([[title], head, row])).kind == kind
    assert one(desk.hand_in([head, row], names=[title])).kind == kind


def test_a_list_of_pupils_with_a_column_for_each_week_is_refused(desk):
    head, row = ["年级", "姓名", "身份证号", "第1周", "第2周"], ["三年级", "张文", desk.id_number(BORN, 121), "√", ""]
    with_roster = desk.hand_in([["谈心记录"], head, row], [ROSTER, line(desk)])
    assert [(each.reason.code, each.row) for each in with_roster.rejected] == [("matrix_unread", 2)]
    assert [len(sheet.rows) for sheet in with_roster.sheets] == [0, 1]


PUPIL = {"学校": "东门小学", "年级": "三年级", "班级": "2班", "性别": "男", "民族": "汉族", "联系电话": "13812345678"}


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("score", {"检测日期": "2020-11-11", "语文": 88}),
        ("score", {"检测日期": "2020-11-11", "语文": 88, "数学": 90}),
        ("enrolment", {"是否免费": "是"}),
        ("record", {"谈心日期": "2020-11-11", "谈心教师": "李老", "主题": "学习"}),
        ("referral", {"转介日期": "2020-11-11", "接收单位": "市心理中心"}),
        ("attendance", {"活动名称": "集体生日", "是否到场": "是"}),
        ("subsidy", {"教师": "李老", "日期": "2020-11-11", "交通补贴": 30, "伙食补贴": 20}),
    ],
)
def test_what_else_a_list_says_of_its_pupils_makes_it_no_roster(desk, kind, columns):
    told = PUPIL | {"姓名": "张文", "身份证号": desk.id_number(BORN, 121)} | columns
    book = desk.hand_in([list(told), list(told.values())])
    (sheet,) = book.sheets
    assert (sheet.kind, len(sheet.rows), book.warnings) == (kind, 1, [])


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("staff", {"联系电话": "13812345678", "职务": "班主任"}),
        ("supporter", {"单位": "市妇联", "类别": "爱心家长", "联系电话": "13812345678"}),
        ("leadership", {"职务": "组长", "分工": "总负责", "联系电话": "13812345678"}),
    ],
)
def test_what_else_a_list_says_of_its_adults_makes_it_no_roster(desk, kind, columns):
    person = {"姓名": "李老", "性别": "男", "民族": "汉族", "身份证号": desk.id_number(dt.date(1980, 5, 6), 121)}
    told = person | {"家庭住址": "燕东街道35号"} | columns
    book = desk.hand_in([list(told), list(told.values())])
    (sheet,) = book.sheets
    assert (sheet.kind, len(sheet.rows), book.warnings) == (kind, 1, [])


def test_a_roster_stays_one_whatever_else_it_has(desk):
    book = desk.hand_in([[*ROSTER, "父亲姓名", "是否免费"], [*line(desk), "张父", "是"]])
    assert (book.sheets[0].kind, len(book.sheets[0].rows)) == ("child", 1)


@pytest.mark.parametrize("group", ["帮扶教师", "代理家长"])
def test_the_lower_row_of_a_header_of_two_is_no_header_of_its_own(desk, group):
    lower = ["姓名", "职务", "政治面貌", "联系电话"]
    head = ["序号", "姓名", "性别", "身份证号", "年级", "班级"]
    row = [1, "张文", "男", desk.id_number(BORN, 121), "三年级", "2班", "李老", "教师", "群众", "13812345678"]
    merges = [f"{letter}1:{letter}2" for letter in "ABCDEF"] + ["G1:J1"]
    book = desk.hand_in([[*head, group], ["", "", "", "", "", "", *lower], row], merges=merges)
    child = one(book)
    assert (book.sheets[0].kind, child.name, child.guardian.phone) == ("child", "张文", "")


def test_a_roster_that_tells_a_teachers_office_is_no_list_of_teachers(desk):
    head = ["姓名", "性别", "身份证号", "年级", "班级", "帮扶教师", "职务", "政治面貌", "联系电话"]
    row = ["张文", "男", desk.id_number(BORN, 121), "三年级", "2班", "李老", "教师", "群众", "13812345678"]
    assert one(desk.hand_in([head, row])).mentor_name == "李老"


def test_the_unit_and_the_relation_of_a_proxy_parent_are_nobody_elses(desk):
    head = [*ROSTER[:5], "代理家长", "单位", "与儿童关系", "联系电话"]
    row = [*line(desk)[:5], "李代", "县财政局", "邻居", "13812345679"]
    child = one(desk.hand_in([["红岭小学花名册"], head, row]))
    assert (child.school_name, child.proxy_parent_phone, child.guardian.relation) == ("红岭小学", "13812345679", "")


def test_a_calendar_is_read_to_the_last_day_of_a_stretch_in_one_cell(desk):
    days = [["学期", "第一学期", "2020年9月1日—2021年1月22日"], ["假期", "国庆节", "2020年10月1日至8日"]]
    book = desk.hand_in([["类别", "名称", "日期"], *days])
    assert [row.ends_on for row in book.sheets[0].rows] == [dt.date(2021, 1, 22), dt.date(2020, 10, 8)]


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


def test_scores_with_one_subject_a_line_and_no_date_are_refused_as_a_sheet(desk):
    number = desk.id_number(BORN, 121)
    head, row = ["姓名", "证件号码", "科目", "分数"], ["张文", number, "英语", 88]
    score = one(desk.hand_in([["期中 考试时间:2020.11.11"], head, row]))
    assert (type(score), score.marks, score.tested_on) == (Score, {"英语": 88.0}, dt.date(2020, 11, 11))
    assert desk.hand_in([head, row]).rejected[0].reason.code == "test_date_missing"


def test_marks_of_a_test_that_is_to_come_or_of_no_day_are_refused_row_by_row(desk):
    number = desk.id_number(BORN, 121)
    head, row = ["姓名", "证件号码", "科目", "分数"], ["张文", number, "英语", 88]
    to_come = desk.hand_in([["期末 考试时间:2020.12.11"], head, row])
    assert [(each.reason.code, each.row) for each in to_come.rejected] == [("date_future", 3)]
    dated = [[*head, "考试日期"], [*row, "2020-12-11"], [*row, "2020-11-11"], [*row, ""]]
    told = desk.hand_in(dated)
    assert [(each.reason.code, each.row, each.column) for each in told.rejected] == [
        ("date_future", 2, "E 考试日期"),
        ("missing", 4, "E 考试日期"),
    ]
    assert [each.source.row for each in told.sheets[0].rows] == [3]


@pytest.mark.parametrize(
    ("head", "row", "dates"),
    [
        (["转介日期", "转介原因", "接收日期", "辅导日期"], ["", "厌学", "", ""], (0, 2, 3)),
        (["教师", "日期", "交通补贴", "伙食补贴"], ["李老", "", 30, 20], (1,)),
        (["开始日期", "是否免费"], ["", "是"], (0,)),
    ],
)
def test_what_was_done_for_a_child_lies_in_no_day_to_come(desk, head, row, dates):
    number = desk.id_number(BORN, 121)
    done = [dict.fromkeys(dates, "2020-11-20")] + [
        dict.fromkeys(dates, "2020-11-20") | {at: "2020-12-11"} for at in dates
    ]
    rows = [["张文", number, *(days.get(at, said) for at, said in enumerate(row))] for days in done]
    told = desk.hand_in([["姓名", "证件号码", *head], *rows])
    assert [each.source.row for each in told.sheets[0].rows] == [2]
    assert [(each.reason.code, each.row) for each in told.rejected] == [
        ("date_future", line) for line in range(3, 3 + len(dates))
    ]


def test_other_kinds_of_another_county(desk):
    number = desk.id_number(BORN, 121)
    staff = one(
        desk.hand_in(
            [["教师姓名", "岗位", "任课年级", "手机号", "政治面貌"], ["李老", "教师", "三(2)班", 13812345678, "群众"]]
        )
    )
    assert (type(staff), staff.grade, staff.phone, staff.party_member) == (Staff, 3, "13812345678", False)
    day = one(desk.hand_in([["类型", "事项", "起始日期", "截止日期"], ["假期", "国庆节", "2020.10.1", 44112]]))
    assert (type(day), day.kind, day.ends_on) == (CalendarEntry, "holiday", dt.date(2020, 10, 8))
    camp = one(desk.hand_in([["主办单位", "活动主题", "活动时间"], ["团市委", "夏令营", "2020年7月13日—2020年8月7日"]]))
    assert (type(camp), camp.held_on, camp.ends_on) == (Activity, dt.date(2020, 7, 13), dt.date(2020, 8, 7))
    came = one(desk.hand_in([["活动名称", "学生姓名", "身份证号"], ["集体生日", "张文", number]]))
    assert (type(came), came.attended) == (Attendance, True)


def test_a_row_without_its_key_is_rejected_in_every_kind(desk):
    number = desk.id_number(BORN, 121)
    sheets = [
        [["学校标识码", "学校名称", "学段"], ["", "东门小学", "小学"]],
        [["类别", "名称", "开始日期", "结束日期"], ["假期", "国庆节", "", "2020-10-08"]],
        [["单位", "类别", "姓名", "可结对人数"], ["市妇联", "爱心家长", "", 1]],
        [["活动编号", "儿童姓名", "身份证号", "是否到场"], ["", "张文", number, "是"]],
        [["学校标识码", "教师", "日期", "儿童姓名", "交通补贴", "伙食补贴"], ["1", "", "2020-09-01", "张文", 3, 4]],
    ]
    assert [f.reason.code for rows in sheets for f in desk.hand_in(rows).rejected] == ["missing"] * len(sheets)
