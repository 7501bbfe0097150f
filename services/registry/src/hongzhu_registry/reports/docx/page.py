"""The sheet an official document is typed on: paper, margins, the grid of 22 lines of 28 characters, and page numbers."""

from pathlib import Path
from typing import cast

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part, PartFactory
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

FORM = Path(__file__).parent / "form"
LINE = Pt(28.95)
"""A 22nd of the 225 mm that are written on."""
CHARACTER = Pt(16)
KEPT = {RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES}
PARTS = {
    "styles.xml": (CONTENT_TYPE.WML_STYLES, RELATIONSHIP_TYPE.STYLES),
    "settings.xml": (CONTENT_TYPE.WML_SETTINGS, RELATIONSHIP_TYPE.SETTINGS),
    "fontTable.xml": (CONTENT_TYPE.WML_FONT_TABLE, RELATIONSHIP_TYPE.FONT_TABLE),
}


def blank() -> Document:
    """Take a new sheet: nothing on it but the numbers of its pages."""
    document = docx.Document()
    package = document.part.package
    # python-docx brings an American office's styles, settings, theme and thumbnail; ours replace them.
    for rel in [rel for rel in package.rels.values() if rel.reltype not in KEPT]:
        del package.rels[rel.rId]
    for rel_id in list(document.part.rels):
        del document.part.rels[rel_id]
    for name, (content_type, reltype) in PARTS.items():
        part = PartFactory(PackURI(f"/word/{name}"), content_type, reltype, (FORM / name).read_bytes(), package)
        document.part.relate_to(cast(Part, part), reltype)
    _measure(document.sections[0])
    return document


def _measure(section: Section) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    # The dash beside the page number runs 7 mm under the text, through the middle of a line 14 pt high.
    section.footer_distance = Mm(35 - 7) - Pt(14) // 2
    section.header_distance = Mm(15)
    (grid,) = section._sectPr.findall(qn("w:docGrid"))
    # The lines' grid only: LibreOffice sets characters far apart on Word's other one, so the styles see to 28 in a line.
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(LINE.twips))
    _number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """Write — 1 — at the page's outer side, one character in."""
    paragraph.alignment = side
    indent = paragraph.paragraph_format
    if side is WD_ALIGN_PARAGRAPH.RIGHT:
        indent.right_indent = Pt(14)
    else:
        indent.left_indent = Pt(14)
    put(paragraph, "— ")
    field = OxmlElement("w:fldSimple", {qn("w:instr"): "PAGE"})
    field.append(put(paragraph, "1")._r)
    paragraph._p.append(field)
    put(paragraph, " —")


def put(paragraph: Paragraph, text: str, style: str | None = None) -> Run:
    """Type text at the end of a paragraph."""
    run = paragraph.add_run(text, style)
    # Quotation marks and dashes are in Latin fonts too, and half as wide there: the hint asks for the Chinese ones.
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:hint"), "eastAsia")
    return run
