import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu_registry.workbooks import cells
from hongzhu_registry.workbooks.cells import UnclearError
from hongzhu_registry.workbooks.column import column
from hongzhu_registry.workbooks.sentences import SENTENCES

BORN = dt.date(2011, 3, 4)
STYLES = ["{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}"]
STYLES += [
    "{0.year}年{0.month}月{0.day}日（星期三）",
    "{0.year}.{0.month}.{0.day} 周三",
    "{0:%Y-%m-%d} 14:30",
    "{0:%Y-%m-%dT%H:%M:%S}",
]
STYLES += [
    "{0.year}/{0.month}/{0.day} 18:30",
    "{0.year}.{0.month}.{0.day} 10:00:05",
    "{0.year}年{0.month}月{0.day}日上午9:00-11:00",
]
STYLES += [
    "{0.year}年{0.month}月{0.day}日下午2点",
    "{0:%Y-%m-%d} 14:30-15:00",
    "{0.year}年{0.month}月{0.day}日9时至11时",
]
STYLES += ["{0:%Y-%m-%d} 00:00:00", " {0.year} 年 {0.month} 月 {0.day} 日 ", "{0.year}/{0.month}/{0.day}"]


@given(st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)), st.sampled_from(STYLES))
def test_a_day_is_the_same_in_every_style(day, style):
    assert cells.day(style.format(day)) == day


@given(st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)))
def test_a_day_is_the_same_as_a_number(day):
    assert cells.day(float(f"{day:%Y%m%d}")) == day
    assert cells.day(float((day - cells.EXCEL_EPOCH).days)) == day


@pytest.mark.parametrize(
    "cell",
    [
        "2009-02-30",
        "昨天",
        "2009.3",
        "20091345",
        12.5,
        "2020.9.7、2020.9.14",
        "2020年9月1日至9月8日",
        "2020-09-01和09-02",
    ],
)
def test_what_is_no_day_is_unclear(cell):
    with pytest.raises(UnclearError):
        cells.day(cell)


@pytest.mark.parametrize("cell", ["", "无", "—", "/"])
def test_a_dash_or_nothing_is_blank(cell):
    assert cells.day(cell) is None
    assert cells.phone(cell) == ""
    assert cells.grade(cell) == (None, "")


@pytest.mark.parametrize(
    "cell", ["√", "✓", "是", "有", "1", 1.0, "Y", "y", "寄宿", "贫困", "Ｙ", True, " 是 ", "建档立卡贫困户"]
)
def test_a_tick_is_yes(cell):
    assert cells.yes_no(cell) is True


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "否",
        "无",
        "0",
        0.0,
        "N",
        "不",
        "走读",
        "×",
        False,
        "不寄宿",
        "非贫困",
        "未到场",
        "没有寄宿",
        "已请假",
        "否（走读）",
    ],
)
def test_no_tick_is_no(cell):
    assert cells.yes_no(cell) is False


@pytest.mark.parametrize("cell", ["不详", "非建档立卡低保户", "未知", "待定", "待核实"])
def test_what_is_neither_yes_nor_no_is_unclear(cell):
    with pytest.raises(UnclearError):
        cells.yes_no(cell)


@pytest.mark.parametrize("cell", ["未脱贫", "未脱贫户", "脱贫不稳定户", "已脱贫", "已建立", "已签到", "是（低保）"])
def test_a_word_that_only_begins_like_a_no_is_yes(cell):
    assert cells.yes_no(cell) is True


@pytest.mark.parametrize(
    ("cell", "said"), [("否", ""), ("健全", ""), ("无残疾", ""), ("", ""), ("肢体残疾二级", "肢体残疾二级")]
)
def test_nobody_suffers_from_being_well(cell, said):
    assert cells.ailment(cell) == said


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        ("2", 2),
        (2.0, 2),
        ("2年级", 2),
        ("二年级", 2),
        ("二年", 2),
        ("初一", 7),
        ("八年级", 8),
        ("七年", 7),
        ("２年级", 2),
        ("小学三年级", 3),
        ("高一", 10),
        ("初中二年级", 8),
        ("初中七年级", 7),
        ("高中十二年级", 12),
        ("", None),
    ],
)
def test_grades(cell, grade):
    assert cells.grade(cell) == (grade, "")


@pytest.mark.parametrize("cell", ["三(2)班", "三年级(2)班", "3.2", "三年级2班"])
def test_a_grade_may_be_written_with_the_class_in_either_cell(cell):
    assert cells.grade(cell) == cells.class_of(cell) == (3, "2班")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1班", (None, "1班")),
        ("(1)班", (None, "1班")),
        ("（1）班", (None, "1班")),
        (1.0, (None, "1班")),
        ("一班", (None, "1班")),
        ("2.1", (2, "1班")),
        (2.1, (2, "1班")),
        ("三(2)班", (3, "2班")),
        ("七年级3班", (7, "3班")),
        ("三年级", (3, "")),
        ("初中七年级", (7, "")),
        ("301班", (None, "301班")),
        ("向日葵班", (None, "向日葵班")),
        ("12班", (None, "12班")),
    ],
)
def test_classes(cell, found):
    assert cells.class_of(cell) == found


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (13812345678.0, "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("0598-3634567", "05983634567"),
        ("无/13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("13812345678、13912345678", "13812345678"),
    ],
)
def test_telephones(cell, number):
    assert cells.phone(cell) == number


@pytest.mark.parametrize("cell", ["1381234567", "12345678901", "不详", 138.0])
def test_what_is_no_telephone_is_unclear(cell):
    with pytest.raises(UnclearError):
        cells.phone(cell)


@pytest.mark.parametrize(
    ("cell", "month"),
    [
        ("2016.02", "2016-02"),
        (2016.02, "2016-02"),
        ("2016年2月", "2016-02"),
        ("201602", "2016-02"),
        ("2016", "2016"),
        ("2016-02-01", "2016-02"),
        ("2016.1", "2016-01"),
        (2016.12, "2016-12"),
        (42401.0, "2016-02"),
    ],
)
def test_months(cell, month):
    assert cells.month(cell) == month


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2011年3月4日", BORN),
        (20110304.0, BORN),
        ("2011.3", "2011-03"),
        (2011.12, "2011-12"),
        ("2011年3月", "2011-03"),
        ("201103", "2011-03"),
        ("2011-03-01", "2011-03"),
        (2011.1, "2011"),
        ("2011", "2011"),
    ],
)
def test_a_birth_is_read_as_far_as_it_is_written(cell, said):
    assert cells.birth(cell) == said


@pytest.mark.parametrize(
    ("cell", "last"),
    [
        ("2020-07-13至2020-08-07", dt.date(2020, 8, 7)),
        ("2020年7月13日至8月7日", dt.date(2020, 8, 7)),
        ("2020年7月13-17日", dt.date(2020, 7, 17)),
        ("2020年7月13日（周一）至7月17日（周五）", dt.date(2020, 7, 17)),
        ("2020.7.13—7.17", dt.date(2020, 7, 17)),
        ("2020年7月13日—2021年1月8日", dt.date(2021, 1, 8)),
    ],
)
def test_a_stretch_of_days_in_one_cell_is_read_to_its_end(cell, last):
    assert (cells.first_day(cell), cells.last_day(cell)) == (dt.date(2020, 7, 13), last)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("2万份", 20_000),
        ("1千", 1000),
        ("1.5万", 15_000),
        ("0.28万", 2_800),
        ("2.01千", 2_010),
        ("50千克", 50),
        ("300人", 300),
        (12.0, 12),
    ],
)
def test_a_number_may_count_in_thousands(cell, number):
    assert cells.whole(cell) == number


def test_minutes_are_no_hours():
    with pytest.raises(UnclearError):
        cells.number("90分钟")


@pytest.mark.parametrize("cell", [2016.1, "2016.13", "很久以前", "2016.00"])
def test_a_month_that_nobody_can_tell_is_unclear(cell):
    with pytest.raises(UnclearError):
        cells.month(cell)


def test_names_lose_only_what_is_layout():
    assert cells.person("张 家") == cells.person("张　家") == "张家"
    assert cells.person("阿依古丽·买买提") == "阿依古丽·买买提"
    assert cells.person("Anna  Li") == "Anna Li"


@pytest.mark.parametrize("cell", ["学校（盖章）：", "请于本月底前上报。", "张文2"])
def test_a_remark_or_a_number_is_nobodys_name(cell):
    with pytest.raises(UnclearError):
        cells.person(cell)


@given(st.one_of(st.text(max_size=40), st.floats(), st.booleans(), st.integers()))
def test_no_cell_whatever_breaks_a_reader(cell):
    codes = set()
    for read in (cells.day, cells.days, cells.month, cells.phone, cells.grade, cells.class_of, cells.yes_no, cells.sex):
        try:
            read(cell)
        except UnclearError as unclear:
            codes.add(unclear.code)
    for read in (cells.number, cells.whole, cells.mark, cells.person, cells.ethnicity, cells.code):
        try:
            read(cell)
        except UnclearError as unclear:
            codes.add(unclear.code)
    assert codes <= set(SENTENCES)


@pytest.mark.parametrize("reader", cells.PLAIN)
@given(st.data())
def test_what_is_taken_as_it_stands_its_reader_would_read_so_too(reader, data):
    plain = cells.PLAIN[reader].format(longest=20)
    cell = data.draw(st.from_regex(plain, fullmatch=True))
    assert column("any", reader, longest=20).said(cell) == cell


@pytest.mark.parametrize("reader", cells.PLAIN)
@pytest.mark.parametrize(
    "cell", ["", " ", "无", "没有", "暂无", "-", "N/A", "n/a", "字" * 21, "１３８", "张 家", "a\nb", "张\n家"]
)
def test_what_is_not_read_as_it_stands_is_never_taken_so(reader, cell):
    if re.fullmatch(cells.PLAIN[reader].format(longest=20), cell):
        assert column("any", reader, longest=20).said(cell) == cell
