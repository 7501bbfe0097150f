"""The report typed: title, opening, numbered headings and points, charts with captions, signature and day."""

import zipfile
from datetime import UTC, datetime, time
from io import BytesIO

from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Length
from docx.text.paragraph import Paragraph

from hongzhu_registry.reports.document import Chart, Report, Sentence
from hongzhu_registry.reports.wording import day, joined, numeral, official, title_lines, width

from .charts import draw
from .page import CHARACTER, blank, put

FROM_THE_EDGE = 4
"""The day stands four characters in from the right, where the seal will cover it."""

MOST_OF_A_PROPERTY = 255
"""The characters that Word keeps of a title or an author."""


def write(report: Report) -> bytes:
    """Write the report as a docx file; the same report is the same file, byte for byte."""
    document = blank()
    at = datetime.combine(report.dated, time(), UTC)
    _describe(document, report, at)
    _Typist(document, at).type(report)
    return _packed(document)


class _Typist:
    """Types a report from its top to its end, counting the charts on the way."""

    def __init__(self, document: Document, at: datetime) -> None:
        self._document = document
        self._at = at
        self._charts = 0

    def type(self, report: Report) -> None:
        put(self._paragraph("Title"), "\n".join(title_lines(official(report.title))))
        self._sentences(report.opening)
        headings = 0
        for section in report.sections:
            if section.heading:
                headings += 1
                put(self._paragraph("Heading 1"), f"{numeral(headings)}、{official(section.heading)}")
            self._sentences(section.sentences)
            for number, item in enumerate(section.items, 1):
                self._point(f"（{numeral(number)}）{official(item.heading)}", item.sentences)
                if item.chart is not None and any(value is not None for value in item.chart.values):
                    self._chart(item.chart)
        self._sign(official(report.organ))

    def _paragraph(self, style: str) -> Paragraph:
        return self._document.add_paragraph(style=style)

    def _sentences(self, sentences: tuple[Sentence, ...]) -> None:
        if sentences:
            put(self._paragraph("Body Text"), joined(sentences))

    def _point(self, heading: str, sentences: tuple[Sentence, ...]) -> None:
        """A point begins with what it is called, and its sentences go on in the same line."""
        paragraph = self._paragraph("Body Text")
        put(paragraph, heading if heading.endswith(("。", "：", "？", "！")) else f"{heading}。", "二级标题")
        if sentences:
            put(paragraph, joined(sentences))

    def _chart(self, chart: Chart) -> None:
        self._charts += 1
        draw(self._paragraph("图表"), chart, self._charts, self._at)
        unit = f"（单位：{chart.unit}）" if chart.unit else ""
        put(self._paragraph("Caption"), official(f"图{self._charts}　{chart.title}{unit}"))

    def _sign(self, organ: str) -> None:
        """Sign as a sealed document is signed: the day four characters in, and the organ centred over it."""
        # The seal may not stand on a page without text: the last of it comes along.
        self._document.paragraphs[-1].paragraph_format.keep_with_next = True
        signed = day(self._at)
        overhang = (width(organ) - width(signed)) / 2
        edge = max(FROM_THE_EDGE, overhang)
        for style, text, characters in (("Signature", organ, edge - overhang), ("Date", signed, edge)):
            paragraph = self._paragraph(style)
            put(paragraph, text)
            paragraph.paragraph_format.right_indent = Length(int(CHARACTER * characters))
            indent = paragraph._p.get_or_add_pPr().find(qn("w:ind"))
            indent.set(qn("w:rightChars"), str(int(characters * 100)))


def _describe(document: Document, report: Report, at: datetime) -> None:
    """Say in the file's properties whose it is and of which day, and nothing of the machine that made it."""
    core = document.core_properties
    core.title = official(report.title)[:MOST_OF_A_PROPERTY]
    core.author = core.last_modified_by = official(report.organ)[:MOST_OF_A_PROPERTY]
    core.created = core.modified = at
    core.language = "zh-CN"
    core.comments = core.keywords = ""
    core.revision = 1


def _packed(document: Document) -> bytes:
    """Save without the hour at which it is done."""
    saved, packed = BytesIO(), BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as stamped:
        for name in parts.namelist():
            stamped.writestr(zipfile.ZipInfo(name), parts.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
