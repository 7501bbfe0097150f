"""Charts that Word draws itself: sharp at any size, and with their figures behind them, so that they can be edited."""

from datetime import datetime
from io import BytesIO

from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Length, Mm, Pt
from docx.text.paragraph import Paragraph
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from xlsxwriter import Workbook

from hongzhu_registry.reports.document import Chart
from hongzhu_registry.reports.wording import official, width

from .page import FORM, LINE

CANDLE_RED = "B3341D"
WIDTH = Mm(150)
SHEET = "数据"
MOST_LABELLED = 12
"""More columns than these stand too close for a figure over each; a scale at the side says it instead."""
_FORMS = Environment(loader=FileSystemLoader(FORM), autoescape=True, undefined=StrictUndefined)


def draw(paragraph: Paragraph, chart: Chart, number: int, at: datetime) -> None:
    """Put a chart in a paragraph; its number names its parts, and the moment dates the workbook behind it."""
    package = paragraph.part.package
    assert package is not None
    height = _height(chart)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), CONTENT_TYPE.DML_CHART, _drawn(chart, height), package)
    uri = PackURI(f"/word/embeddings/Microsoft_Excel_Sheet{number}.xlsx")
    part.relate_to(Part(uri, CONTENT_TYPE.SML_SHEET, _figures(chart, at), package), RELATIONSHIP_TYPE.PACKAGE)
    drawing = _FORMS.get_template("drawing.xml").render(
        width=WIDTH,
        height=height,
        number=number,
        title=official(chart.title),
        part=paragraph.part.relate_to(part, RELATIONSHIP_TYPE.CHART),
    )
    paragraph.add_run()._r.append(parse_xml(drawing))


def _height(chart: Chart) -> Length:
    """As high as seven lines of text, or for bars as they need, but never much over half a page."""
    lines = min(max(1 + len(chart.labels) * 0.6, 4), 14) if chart.kind == "bars" else 7
    return Length(int(LINE * lines) - Pt(6))


def _size(chart: Chart, height: Length) -> float:
    """The size of the letters in points: 五号, or as much as stands beside its neighbour, but not under 六号."""
    if chart.kind == "bars":
        room = float(height.pt) * 0.8 / len(chart.labels)
    else:
        shown = -(-len(chart.labels) // _skip(chart))
        room = float(WIDTH.pt) * 0.85 / shown / max(1, *map(width, chart.labels))
    return min(10.5, max(7.5, room))


def _skip(chart: Chart) -> int:
    """Every how many-th label is written: of a year's weeks not all have room beside each other."""
    return 1 if chart.kind == "bars" else -(-len(chart.labels) // MOST_LABELLED)


def _drawn(chart: Chart, height: Length) -> bytes:
    known = [value for value in chart.values if value is not None]
    labelled = chart.kind == "bars" or len(chart.labels) <= MOST_LABELLED
    xml = _FORMS.get_template("chart.xml").render(
        shape="lineChart" if chart.kind == "line" else "barChart",
        kind=chart.kind,
        colour=CANDLE_RED,
        sheet=SHEET,
        name=_series(chart),
        labels=[official(label) for label in chart.labels],
        values=chart.values,
        format="General" if all(float(value).is_integer() for value in known) else "0.0",
        labelled=labelled,
        skip=_skip(chart),
        scaled=chart.kind == "line" or not labelled,
        from_zero=min(known) >= 0,
        of_a_hundred=chart.unit == "%" and max(known) <= 100,
        size=int(_size(chart, height) * 100),
    )
    return xml.strip().encode()


def _figures(chart: Chart, at: datetime) -> bytes:
    """Write the workbook that opens when somebody edits the chart's figures."""
    out = BytesIO()
    with Workbook(out, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": at})
        sheet = workbook.add_worksheet(SHEET)
        sheet.write_string(0, 1, _series(chart))
        for row, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True), 1):
            sheet.write_string(row, 0, official(label))
            if value is not None:
                sheet.write_number(row, 1, value)
    return out.getvalue()


def _series(chart: Chart) -> str:
    return official(f"{chart.title}（{chart.unit}）" if chart.unit else chart.title)
