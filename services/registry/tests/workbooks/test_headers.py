"""However another county lays its rosters out, the same children come out."""

import datetime as dt
from datetime import date
from typing import Any

import pytest
from clerks import days_written, full_width
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongzhu_registry.workbooks import read, synonyms
from hongzhu_registry.workbooks.headers import letter

# field: (how it is written in a header, how its value is written in a cell)
PLAIN = {
    "id_number": "身份证号",
    "name": "姓名",
    "sex": "性别",
    "born_on": "出生日期",
    "grade": "年级",
    "class_name": "班级",
    "ethnicity": "民族",
    "address": "户籍地址",
    "boarding": "是否寄宿",
    "in_poverty": "是否贫困户",
    "health": "健康状况",
    "disability": "残疾类别及等级",
    "left_behind_type": "留守类型",
    "note": "备注",
    "mentor_name": "帮扶教师(1+N)",
    "peer_name": "结对同伴(1+1)",
}
PEOPLE = {
    "father": ("name", "place", "phone", "since"),
    "mother": ("name", "place", "phone", "since"),
    "guardian": ("name", "relation", "phone"),
    "proxy_parent": ("name", "phone"),
}
NAMES = st.text("王李张林陈梅兰家文天乐", min_size=2, max_size=3)
PHONES = st.integers(13_000_000_000, 19_999_999_999).map(str)


@st.composite
def children(draw):
    born_on = draw(st.dates(dt.date(2005, 1, 1), dt.date(2014, 12, 31)))
    child = {f: draw(NAMES) for f in ("name", "mentor_name", "peer_name", "father_name", "mother_name")}
    child |= {f: draw(NAMES) for f in ("guardian_name", "proxy_parent_name")}
    child |= {f"{p}_phone": draw(PHONES) for p in PEOPLE}
    child |= {f"{p}_place": draw(st.sampled_from(["福州市", "在家", "广东省深圳市"])) for p in ("father", "mother")}
    child |= {
        f"{p}_since": f"{draw(st.integers(2012, 2020))}-{draw(st.integers(1, 12)):02d}" for p in ("father", "mother")
    }
    child |= {f: draw(st.booleans()) for f in ("boarding", "in_poverty")}
    child |= {"born_on": born_on, "order": draw(st.integers(0, 999)), "guardian_relation": "祖父", "ethnicity": "畲族"}
    child |= {"grade": draw(st.integers(1, 9)), "class_name": draw(st.integers(1, 12)), "address": "燕东街道35号"}
    child |= {"health": "健康", "disability": "", "left_behind_type": "双亲留守", "note": ""}
    return child


def written(draw, field: str, value: Any) -> Any:
    """The value as one clerk or another would write it."""
    if field == "born_on":
        return draw(days_written(value))
    if field.endswith("_phone"):
        styles = [value, float(value), f"{value[:3]}-{value[3:7]}-{value[7:]}", f"+86{value}", full_width(value)]
        return draw(st.sampled_from(styles))
    if field.endswith("_since"):
        return value.replace("-", draw(st.sampled_from([".", "-", "/"])))
    if field == "id_number":
        spaced = f" {value[:6]} {value[6:14]} {value[14:]} "
        return draw(st.sampled_from([value, value.lower(), spaced, f"'{value}", full_width(value)]))
    if field in ("boarding", "in_poverty"):
        own = {"boarding": ["寄宿", "住校"], "in_poverty": ["贫困", "建档立卡户"]}[field]
        return draw(
            st.sampled_from(["是", "有", "√", "✓", "Y", "y", 1, "1", *own] if value else ["否", "", "无", "×", "N", 0])
        )
    if field == "grade":
        chinese = "一二三四五六七八九"[value - 1]
        return draw(st.sampled_from([value, str(value), f"{value}年级", f"{chinese}年级", f"{chinese}年"]))
    if field == "class_name":
        return draw(st.sampled_from([value, f"{value}班", f"({value})班", f"（{value}）班"]))
    if field == "name" and len(value) == 2:
        return draw(st.sampled_from([value, f"{value[0]} {value[1]}", f"{value[0]}　{value[1]}"]))
    return value


def headings(draw, field: str) -> str:
    word = "name" if field == "name" else field
    said = draw(st.sampled_from(synonyms.WORDS[word].split()))
    lead = draw(st.sampled_from(["", "是否"])) if field in ("boarding", "in_poverty") else ""
    return draw(st.sampled_from(["", "  "])) + lead + said + draw(st.sampled_from(["", "*", "（必填）", "\n"]))


@st.composite
def layouts(draw):
    """A workbook of one county or another, and the children that it tells of."""
    wanted = draw(st.lists(children(), min_size=1, max_size=4, unique_by=lambda c: (c["born_on"], c["order"])))
    two_levels = draw(st.booleans())
    blocks = [[("", f)] for f in PLAIN] + [[(p, leaf) for leaf in draw(st.permutations(PEOPLE[p]))] for p in PEOPLE]
    blocks += [[("", f"未知{n}")] for n in range(draw(st.integers(0, 2)))]
    columns = [column for block in draw(st.permutations(blocks)) for column in block]
    upper, lower, fields = [], [], []
    group = {p: draw(st.sampled_from(synonyms.PEOPLE[p].split())) for p in PEOPLE}
    for number, (person, leaf) in enumerate(columns):
        fields.append(f"{person}_{leaf}" if person else leaf)
        if not person:
            upper.append(headings(draw, leaf) if leaf in PLAIN else f"自填项{leaf}")
            lower.append("")
            continue
        said = draw(st.sampled_from(synonyms.LEAVES[leaf].split()))
        first = not number or columns[number - 1][0] != person
        upper.append(group[person] if two_levels and first else "" if two_levels else group[person] + said)
        lower.append(said)
    titles = [["某县2020年秋季留守儿童登记表"], ["学校标识码:2135000001", "", "填报日期:2020年9月15日"], []]
    top = titles[: draw(st.integers(0, 3))]
    return wanted, two_levels, top, upper, lower, fields, draw(st.booleans()), draw(st.booleans())


def merges(layout) -> list[str]:
    _, two_levels, top, upper, lower, *_ = layout
    if not two_levels:
        return []
    row, areas, index = len(top) + 1, [], 0
    while index < len(upper):
        end = index
        while end + 1 < len(upper) and lower[index] and upper[end + 1] == "":
            end += 1
        areas.append(f"{letter(index)}{row}:{letter(end)}{row + (0 if lower[index] else 1)}")
        index = end + 1
    return areas


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(layouts(), st.data())
def test_the_same_children_come_out_of_any_layout(desk, layout, data):
    wanted, two_levels, top, upper, lower, fields, cover, merged = layout
    rows: list[list[Any]] = [*top, upper, *([lower] if two_levels else [])]
    for child in wanted:
        child["id_number"] = desk.id_number(child["born_on"], child["order"])
        child["sex"] = "男" if child["order"] % 2 else "女"
        rows.append([written(data.draw, f, child[f]) if f in child else "随便" for f in fields])
    rows += [[], ["合计", "", f"{len(wanted)}人"], ["填表人:某某", "", "复核人:"]]
    covers = [[["留守儿童登记册"], ["填报须知", "请如实填写"]]] if cover else []
    book = read(desk.write(*covers, rows, merges=merges(layout) if merged else []), "甲.xlsx", desk.today)
    assert [f.reason.text("en") for f in book.rejected] == []
    assert [
        f.reason.code for f in book.warnings if f.row and f.reason.code not in ("columns_unknown", "school_unnamed")
    ] == []
    assert len(book.sheets[-1].rows) == len(wanted)
    for child, found in zip(wanted, book.sheets[-1].rows, strict=True):
        for field in ("name", "id_number", "born_on", "grade", "boarding", "in_poverty", "address", "mentor_name"):
            assert getattr(found, field) == child[field], field
        assert (found.sex == "male") == (child["order"] % 2 == 1)
        assert found.class_name == f"{child['class_name']}班"
        for person in ("father", "mother", "guardian"):
            assert getattr(found, person) == tuple(child[f"{person}_{leaf}"] for leaf in PEOPLE[person])
        assert (found.proxy_parent_name, found.proxy_parent_phone) == (
            child["proxy_parent_name"],
            child["proxy_parent_phone"],
        )
        assert found.school_code == ("2135000001" if len(top) > 1 else "")


def test_a_grandfathers_number_under_his_own_heading_is_never_the_childs(desk):
    number = desk.id_number(dt.date(2011, 3, 4), 121)
    upper = ["祖父", "", "姓名", "身份证号", "年级", "父亲", "", ""]
    lower = ["姓名", "身份证号", "", "", "", "姓名", "身份证号", "电话"]
    row = [
        "老张",
        desk.id_number(dt.date(1950, 3, 4), 121),
        "张文",
        number,
        "三年级",
        "张军",
        "3504811980",
        "13812345678",
    ]
    book = desk.hand_in([upper, lower, row], merges=["A1:B1", "C1:C2", "D1:D2", "E1:E2", "F1:H1"])
    (child,) = book.sheets[0].rows
    assert (child.name, child.id_number) == ("张文", number)
    assert (child.father.name, child.father.phone) == ("张军", "13812345678")


def roster(desk, **columns):
    """A roster of one child with these columns behind its own."""
    child = ["张文", desk.id_number(dt.date(2011, 3, 4), 121), "三年级"]
    return desk.hand_in([["姓名", "身份证号", "年级", *columns], [*child, *columns.values()]])


@pytest.mark.parametrize("person", ["班主任", "帮扶教师", "结对教师姓名", "结对同伴", "代理家长"])
def test_a_telephone_beside_a_name_outside_the_family_is_not_the_guardians(desk, person):
    for between in ({}, {"职务": "教师"}):
        (child,) = (
            roster(desk, **{"监护人": "老张", person: "王老", **between, "联系电话": "13812345678"}).sheets[0].rows
        )
        assert (child.guardian.name, child.guardian.phone) == ("老张", "")
        assert child.proxy_parent_phone == ("13812345678" if person == "代理家长" else "")


def test_a_telephone_beside_the_family_is_the_guardians(desk):
    columns = {"班主任": "王老", "监护人": "老张", "与该生关系": "祖父", "联系电话": "13812345678"}
    (child,) = roster(desk, **columns).sheets[0].rows
    assert child.guardian == ("老张", "祖父", "13812345678")


def test_a_teacher_may_stand_in_a_header_above(desk):
    upper = ["姓名", "身份证号", "年级", "帮扶责任人", ""]
    row = ["张文", desk.id_number(dt.date(2011, 3, 4), 121), "三年级", "王老", "13812345678"]
    merges = ["A1:A2", "B1:B2", "C1:C2", "D1:E1"]
    book = desk.hand_in([upper, ["", "", "", "姓名", "联系电话"], row], merges=merges)
    (child,) = book.sheets[0].rows
    assert (child.mentor_name, child.guardian.phone, book.rejected) == ("王老", "", [])
    assert [each.reason.params for each in book.warnings if each.row == 1 and each.reason.params] == [
        {"columns": "E 帮扶责任人联系电话"}
    ]


@pytest.mark.parametrize(
    ("home", "household"), [("燕东街道35号", "西洋镇1号"), ("燕东街道35号", ""), ("", "燕东街道35号")]
)
def test_a_child_lives_where_the_roster_says_or_else_where_its_household_is(desk, home, household):
    for columns in ({"家庭住址": home, "户籍地址": household}, {"户籍地址": household, "家庭住址": home}):
        book = roster(desk, **columns)
        assert book.sheets[0].rows[0].address == "燕东街道35号"
        assert "columns_unknown" not in {each.reason.code for each in book.warnings}


def test_letters_are_excels():
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_what_a_carer_is_to_a_child_is_read_whatever_counties_call_him(desk):
    upper = ["身份证号", "姓名", "代理家长", "", "照料人", "", ""]
    lower = ["", "", "姓名", "联系电话", "与儿童关系", "姓名", "联系电话"]
    row = [desk.id_number(date(2012, 3, 4), 121), "张文", "李代", "13812345678", "祖父", "张爷", "13812345679"]
    book = read(desk.write([upper, lower, row], merges=["C1:D1", "E1:G1"]), "甲.xlsx", desk.today)
    assert book.sheets[0].rows[0].guardian == ("张爷", "祖父", "13812345679")
