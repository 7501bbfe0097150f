import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Twips

from hongzhu_registry.reports.document import Chart, Item, Report, Section, Sentence
from hongzhu_registry.reports.docx import write
from hongzhu_registry.reports.wording import numeral, official, title_lines

C = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}
SCHOOLS = Chart("留守儿童最多的学校", "bars", "人", ("东门小学", "巴溪湾小学 & <分校>"), (112, 98))
ON_TIME = Chart("按期完成的比例", "line", "%", ("1月", "2月", "3月"), (91.5, None, 97.25))
STAGES = Chart("各学段人数", "columns", "", ("小学", "初中"), (None, 215))
NOTHING_YET = Chart("尚无数据", "columns", "人", ("小学", "初中"), (None, None))
REPORT = Report(
    title="永安市开展“红烛暖心”贫困留守儿童关爱活动落实情况",
    organ="永安市教育局",
    begins_on=date(2020, 1, 1),
    ends_on=date(2020, 12, 31),
    cut_off=date(2020, 9, 3),
    dated=date(2020, 9, 3),
    opening=(Sentence("根据《方案》（明教初[2020]64号）要求，工作有序开展。"), Sentence("现将情况汇报如下。")),
    sections=(
        Section(
            "建档立卡，动态管理",
            (Item("开展摸排建档", (Sentence("全市共1058人。"),), SCHOOLS), Item("落实“1+N”帮扶", ())),
        ),
        Section(
            "建家帮教",
            (Item("制定计划", (Sentence("每周谈心。"),), ON_TIME), Item("分段", (), STAGES)),
            (Sentence("总的情况。"),),
        ),
        Section("下步打算", (Item("继续", (Sentence("继续努力。"),), NOTHING_YET),)),
    ),
    figures={},
)


@pytest.fixture(scope="module")
def made():
    return write(REPORT)


@pytest.fixture(scope="module")
def document(made):
    return docx.Document(io.BytesIO(made))


def part(made, name):
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        return parts.read(name)


def paragraphs(document, style):
    return [paragraph for paragraph in document.paragraphs if paragraph.style.name == style]


def test_the_page_is_a4_with_156_by_225_mm_written_on(document):
    page = document.sections[0]
    measures = (
        page.page_width,
        page.page_height,
        page.top_margin,
        page.bottom_margin,
        page.left_margin,
        page.right_margin,
    )
    assert [round(measure.mm) for measure in measures] == [210, 297, 37, 35, 28, 26]


def test_a_page_has_22_lines_of_28_characters(document):
    page, normal = document.sections[0], document.styles["Normal"].paragraph_format
    line = normal.line_spacing
    assert 22 * line <= page.page_height - page.top_margin - page.bottom_margin < 22.1 * line
    (grid,) = page._sectPr.findall(qn("w:docGrid"))
    assert (grid.get(qn("w:type")), grid.get(qn("w:linePitch"))) == ("lines", str(round(line.twips)))
    (default,) = document.styles.element.iter(qn("w:rPrDefault"))
    half_points, closer = (int(default.find(f".//{qn(tag)}").get(qn("w:val"))) for tag in ("w:sz", "w:spacing"))
    character = half_points * 10 + closer
    written_on = (page.page_width - page.left_margin - page.right_margin) / Twips(1)
    assert 28 * character <= written_on < 29 * character


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [
        ("Title", "方正小标宋简体", 22),
        ("Heading 1", "黑体", 16),
        ("二级标题", "楷体_GB2312", 16),
        ("Body Text", "仿宋_GB2312", 16),
        ("Signature", "仿宋_GB2312", 16),
        ("Caption", "仿宋_GB2312", 12),
        ("Footer", "宋体", 14),
    ],
)
def test_every_part_has_its_font_and_size(document, style, font, size):
    (default,) = document.styles.element.iter(qn("w:rPrDefault"))
    own = document.styles[style].element
    found = [
        element for root in (own, default) for element in root.iter(qn("w:rFonts")) if element.get(qn("w:eastAsia"))
    ]
    assert found[0].get(qn("w:eastAsia")) == font
    assert (
        next(int(element.get(qn("w:val"))) for root in (own, default) for element in root.iter(qn("w:sz"))) == 2 * size
    )
    assert document.styles[style].font.bold is None


def test_fonts_are_named_with_a_second_choice_and_none_is_embedded(made, document):
    fonts = parse_xml(part(made, "word/fontTable.xml"))
    second = {font.get(qn("w:name")): [alt.get(qn("w:val")) for alt in font.iter(qn("w:altName"))] for font in fonts}
    assert second["方正小标宋简体"] == ["宋体"]
    assert second["仿宋_GB2312"] == ["仿宋"]
    assert second["楷体_GB2312"] == ["楷体"]
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert not [name for name in parts.namelist() if "font" in name.lower() and name != "word/fontTable.xml"]
    (language,) = document.styles.element.iter(qn("w:lang"))
    assert language.get(qn("w:eastAsia")) == "zh-CN"


def test_a_paragraph_begins_two_characters_in(document):
    for style in ("Body Text", "Heading 1"):
        (indent,) = document.styles[style].element.iter(qn("w:ind"))
        assert (indent.get(qn("w:firstLineChars")), indent.get(qn("w:firstLine"))) == ("200", "640")


def test_the_page_number_stands_between_dashes_at_the_outer_foot(document):
    page = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    for footer, side, indent in (
        (page.footer, "RIGHT", "right_indent"),
        (page.even_page_footer, "LEFT", "left_indent"),
    ):
        (number,) = footer.paragraphs
        assert "".join(text.text for text in number._p.iter(qn("w:t"))) == "— 1 —"
        assert [field.get(qn("w:instr")) for field in number._p.iter(qn("w:fldSimple"))] == ["PAGE"]
        assert number.alignment.name == side
        assert getattr(number.paragraph_format, indent).pt == 14
        assert [run.get(qn("w:hint")) for run in number._p.iter(qn("w:rFonts"))] == ["eastAsia"] * 3
    assert page.footer_distance.mm == pytest.approx(35 - 7 - 14 * 25.4 / 72 / 2, abs=0.1)


def test_headings_are_numbered_as_the_standard_orders_them(document):
    headings = [heading.text for heading in paragraphs(document, "Heading 1")]
    assert headings == [
        "一、建档立卡，动态管理",
        "二、建家帮教",
        "三、下步打算",
    ]
    points = [
        run.text for body in paragraphs(document, "Body Text") for run in body.runs if run.style.name == "二级标题"
    ]
    assert points == [
        "（一）开展摸排建档。",
        "（二）落实“1+N”帮扶。",
        "（一）制定计划。",
        "（二）分段。",
        "（一）继续。",
    ]
    assert [numeral(number) for number in (1, 9, 10, 11, 20, 36)] == ["一", "九", "十", "十一", "二十", "三十六"]


def test_nothing_that_ought_to_stay_together_is_parted_by_a_page(document):
    for style in ("Title", "Heading 1", "图表", "Signature"):
        assert document.styles[style].paragraph_format.keep_with_next, style
    assert document.styles["Normal"].paragraph_format.widow_control
    *_, last, _organ, _day = document.paragraphs
    assert last.paragraph_format.keep_with_next


def test_no_text_is_lost_and_all_stands_in_its_order(document):
    text = "".join(paragraph.text for paragraph in document.paragraphs)
    said = [sentence.text.replace("[2020]", "〔2020〕") for sentence in REPORT.opening]
    for section in REPORT.sections:
        said += [section.heading, *(sentence.text for sentence in section.sentences)]
        for item in section.items:
            said += [item.heading, *(sentence.text for sentence in item.sentences)]
            said += [item.chart.title] if item.chart not in {None, NOTHING_YET} else []
    at = 0
    for words in said:
        at = text.index(words, at) + len(words)


@pytest.mark.parametrize("written", ["[2020]", "(2020)", "（2020）", "﹝2020﹞", "［2020］", "【2020】", "〔2020〕"])
def test_the_year_of_a_documents_number_stands_in_its_own_brackets(written):
    assert official(f"（明教初{written}64号）") == "（明教初〔2020〕64号）"


def test_other_brackets_stay_as_they_are():
    text = "共1058人（2020年）[1]，（2020）以前"
    assert official(text) == text


def test_what_no_file_may_hold_does_not_keep_the_report_from_being_written():
    odd = replace(REPORT, organ="教育\x01局", opening=(Sentence("一\x0b二\ufffe。"),))
    assert "一二。" in [paragraph.text for paragraph in docx.Document(io.BytesIO(write(odd))).paragraphs]


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        (REPORT.title, ["永安市开展“红烛暖心”", "贫困留守儿童关爱活动落实情况"]),
        ("留守儿童关爱工作情况", ["留守儿童关爱工作情况"]),
        (
            "永安市2020年度“红烛暖心”贫困留守儿童关爱活动落实情况报告",
            ["永安市2020年度“红烛暖心”", "贫困留守儿童关爱活动落实情况报告"],
        ),
        ("字" * 25, ["字" * 10, "字" * 15]),
        (
            "永安市第一实验小学附属学校开展“红烛暖心”贫困留守儿童关爱活动落实情况",
            ["永安市第一实验小学附属学校开展", "“红烛暖心”贫困留守儿童关爱活动落实情况"],
        ),
        ("The children of 2020 and what was done for them", ["The children of 2020 and ", "what was done for them"]),
        ("字" * 500, ["字" * 500]),
    ],
)
def test_a_title_is_broken_between_words(title, lines):
    assert title_lines(title) == lines


def test_names_however_long_do_not_keep_the_report_from_being_written():
    long = docx.Document(io.BytesIO(write(replace(REPORT, title="题" * 400, organ="局" * 400))))
    assert paragraphs(long, "Title")[0].text == "题" * 400


def test_english_sentences_do_not_run_together():
    english = replace(REPORT, opening=(Sentence("All is well."), Sentence("It goes on.")))
    assert "All is well. It goes on." in [each.text for each in docx.Document(io.BytesIO(write(english))).paragraphs]


def test_the_title_is_one_paragraph_however_many_lines(document):
    (title,) = paragraphs(document, "Title")
    assert title.text == "永安市开展“红烛暖心”\n贫困留守儿童关爱活动落实情况"


def test_the_day_stands_four_characters_in_with_the_organ_centred_over_it(document):
    organ, day = document.paragraphs[-2:]
    assert (organ.text, day.text) == ("永安市教育局", "2020年9月3日")
    # The organ is six characters wide, the day six too: four digits, two more, and three characters.
    edges = [paragraph._p.find(f".//{qn('w:ind')}").get(qn("w:rightChars")) for paragraph in (organ, day)]
    assert edges == ["400", "400"]


def test_a_long_organ_stays_on_the_page_and_over_the_day():
    long = docx.Document(io.BytesIO(write(replace(REPORT, organ="红烛暖心" * 5))))
    edges = [paragraph._p.find(f".//{qn('w:ind')}").get(qn("w:rightChars")) for paragraph in long.paragraphs[-2:]]
    assert edges == ["0", "700"]


def charts(made):
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        return [
            parse_xml(parts.read(name)) for name in parts.namelist() if re.fullmatch(r"word/charts/chart\d+\.xml", name)
        ]


def cached(chart, where):
    return {int(point.get("idx")): point[0].text for point in chart.findall(f".//{where}//c:pt", C)}


def test_the_charts_hold_the_figures_and_leave_gaps_where_none_is_known(made):
    drawn = charts(made)
    assert len(drawn) == 3  # a chart with nothing to show is not drawn
    for xml, chart in zip(drawn, (SCHOOLS, ON_TIME, STAGES), strict=True):
        assert tuple(cached(xml, "c:cat").values()) == chart.labels
        values = {index: float(text) for index, text in cached(xml, "c:val").items()}
        assert values == {index: value for index, value in enumerate(chart.values) if value is not None}
        assert xml.find(".//c:val//c:ptCount", C).get("val") == str(len(chart.values))
        assert xml.find(".//c:dispBlanksAs", C).get("val") == "gap"
    kinds = [
        [element.tag.split("}")[1] for element in xml.iter() if element.tag.endswith(("barChart", "lineChart"))]
        for xml in drawn
    ]
    assert kinds == [["barChart"], ["lineChart"], ["barChart"]]
    assert [xml.find(".//c:barDir", C).get("val") for xml in (drawn[0], drawn[2])] == ["bar", "col"]


def test_the_workbook_behind_a_chart_says_what_the_chart_shows(made):
    for number, chart in enumerate((SCHOOLS, ON_TIME, STAGES), 1):
        book = openpyxl.load_workbook(io.BytesIO(part(made, f"word/embeddings/Microsoft_Excel_Sheet{number}.xlsx")))
        rows = [tuple(cell.value for cell in row) for row in book["数据"].iter_rows(min_row=2, max_col=2)]
        assert rows == list(zip(chart.labels, chart.values, strict=True))
        assert (
            f"embeddings/Microsoft_Excel_Sheet{number}.xlsx"
            in part(made, f"word/charts/_rels/chart{number}.xml.rels").decode()
        )


def test_a_chart_has_a_caption_with_its_number_and_unit(document):
    assert [caption.text for caption in paragraphs(document, "Caption")] == [
        "图1　留守儿童最多的学校（单位：人）",
        "图2　按期完成的比例（单位：%）",
        "图3　各学段人数",
    ]


def test_charts_fit_the_page(document):
    many = Chart("各校", "bars", "人", tuple(f"第{n}小学" for n in range(60)), tuple(range(60)))
    long = docx.Document(io.BytesIO(write(replace(REPORT, sections=(Section("一", (Item("二", (), many),)),)))))
    for shape in [*document.inline_shapes, *long.inline_shapes]:
        assert shape.width.mm <= 156
        assert shape.height.mm <= 225 * 2 / 3


def test_a_chart_of_many_weeks_writes_no_more_labels_than_have_room():
    weeks = Chart("每周", "line", "%", tuple(f"{n:05}" for n in range(40)), tuple(range(40)))
    (drawn,) = charts(write(replace(REPORT, sections=(Section("一", (Item("二", (Sentence("三。"),), weeks),)),))))
    assert drawn.find(".//c:tickLblSkip", C).get("val") == "4"
    assert len(cached(drawn, "c:cat")) == 40


def test_the_same_report_is_the_same_file(made):
    assert write(REPORT) == made
    for outer in (made, part(made, "word/embeddings/Microsoft_Excel_Sheet1.xlsx")):
        with zipfile.ZipFile(io.BytesIO(outer)) as parts:
            assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert b"2020-09-03T00:00:00Z" in parts.read("docProps/core.xml")


def test_the_file_says_whose_it_is_and_not_what_made_it(made, document):
    core = document.core_properties
    assert (core.author, core.last_modified_by, core.title) == ("永安市教育局", "永安市教育局", REPORT.title)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert not [name for name in parts.namelist() if b"python-docx" in parts.read(name)]
