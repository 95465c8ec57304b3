"""Files for the tests, made with the libraries that people make them with; our own writing in both languages."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Sequence

import docx
import pypdf
from docx.shared import Pt
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Table

from llm_core.documents.document import Document
from llm_core.documents.formats import format_of
from llm_core.documents.reading import Reading

EN = (
    "The harbour was built in three stages between 1871 and 1904, and each stage left a different kind of stone "
    "behind. The oldest wall is granite, brought by barge from a quarry forty kilometres upstream; the second is a "
    "grey limestone that weathers badly in salt air; the last is concrete, cast in blocks on the shore.",
    "Engineers of the time disagreed about the depth of the entrance. A shallow entrance would have kept the heavy "
    "swell outside, but the larger ships could not have used it at low water. In the end a compromise was reached: "
    "7.5 metres at mean low tide, with a channel that had to be dredged every second winter.",
    "What no one had foreseen was the sand. Within eleven years a bar had formed across the mouth, and the cost of "
    "dredging rose from 4,000 to 19,500 crowns a year. The authority tried groynes, then a longer breakwater.",
)
ZH = (
    "这座港口分三期建成，从一八七一年一直修到一九〇四年，每一期都留下了不同的石料。最早的堤墙用花岗岩砌成，石头是用驳船从上游"
    "四十公里外的采石场运来的；第二期用的是灰色石灰岩，在含盐的空气里风化得很快；最后一期则是混凝土，先在岸上浇成方块。",
    "当时的工程师对入口的深度意见不一。入口浅，大浪就进不来，可是商人想要的大船在低潮时也进不来。最后双方各让一步：平均低潮时"
    "水深7.5米，另挖一条航道，每隔一个冬天就得重新疏浚一次。",
    "谁也没有料到的是泥沙。不到十一年，港口外就积起了一道沙洲，每年的疏浚费用从4,000克朗涨到19,500克朗。港务局先试过丁坝，"
    "又加长了防波堤。",
)

SONG = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def parse(data: bytes | str, name: str) -> Document:
    """What the worker does with a file, in this process."""
    data = data.encode() if isinstance(data, str) else data
    format = format_of(data, name)
    reading = Reading()
    format.reader().read(data, reading)
    return reading.document(name, format.name)


def outline(document: Document) -> list[tuple[str, int, str]]:
    """Kind, level and text of each block."""
    return [(block.kind, block.level, document.text_of(block)) for block in document.blocks]


def styles(chinese: bool) -> dict[str, ParagraphStyle]:
    font, bold = (SONG, SONG) if chinese else ("Times-Roman", "Times-Bold")
    wrap = "CJK" if chinese else None
    text = ParagraphStyle("text", fontName=font, fontSize=11, leading=15, spaceAfter=8, wordWrap=wrap)
    if not chinese:
        text.alignment = TA_JUSTIFY
    return {
        "text": text,
        "h1": ParagraphStyle("h1", text, fontName=bold, fontSize=20, leading=26, alignment=0),
        "h2": ParagraphStyle("h2", text, fontName=bold, fontSize=14, leading=20, alignment=0),
    }


def pdf(
    blocks: Sequence[tuple[str, str]], *, columns: int = 1, header: str = "", chinese: bool = False, title: str = ""
) -> bytes:
    """A PDF of `(style, text)` blocks (style "page": a page break; "table": cells by | and ;), numbered below."""
    stream = io.BytesIO()
    width, height = A4
    template = BaseDocTemplate(stream, pagesize=A4, invariant=1)
    look = styles(chinese)

    def frame(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.setFont(SONG if chinese else "Times-Roman", 9)
        if header:
            canvas.drawString(60, height - 40, header)
        canvas.drawCentredString(
            width / 2, 30, f"第{canvas.getPageNumber()}页" if chinese else str(canvas.getPageNumber())
        )

    inner = (width - 120 - 20 * (columns - 1)) / columns
    frames = [Frame(60 + (inner + 20) * n, 60, inner, height - 130, 0, 0, 0, 0) for n in range(columns)]
    template.addPageTemplates(PageTemplate(frames=frames, onPage=frame))
    story: list[object] = [Paragraph(title, look["h1"])] if title else []
    for style, text in blocks:
        if style == "page":
            story.append(PageBreak())
        elif style == "table":
            story.append(Table([row.split("|") for row in text.split(";")], colWidths=110))
        else:
            story.append(Paragraph(text, look[style]))
    template.build(story)
    return stream.getvalue()


def drawn_pdf(pages: Iterable[Iterable[tuple[float, float, str]]], *, font: str = "Times-Roman") -> bytes:
    """A PDF of `(x, y, words)` for each page; a page of none is one without text."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1)
    for page in pages:
        canvas.setFont(font, 11)
        for x, y, words in page:
            canvas.drawString(x, y, words)
        canvas.rect(100, 100, 50, 50)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def locked(data: bytes) -> bytes:
    """The PDF with a password."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("geheim", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def hollow_pdf(pages: int, content: bytes = b"", inflated: bytes | None = None) -> bytes:
    """A PDF of many pages that share one stream, written by hand: no library makes 10,000 pages in a moment.

    Args:
        pages: how many.
        content: of every page.
        inflated: instead of `content`, compressed; for a bomb.
    """
    body, extra = (zlib.compress(inflated, 9), b"/Filter/FlateDecode") if inflated is not None else (content, b"")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(b"%d 0 R" % (n + 5) for n in range(pages))),
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(body), extra, body),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R/Resources<</Font<</F 4 0 R>>>>>>"
    objects += [page] * pages
    out, offsets = [b"%PDF-1.4\n"], []
    size = len(out[0])
    for number, text in enumerate(objects, 1):
        offsets.append(size)
        out.append(b"%d 0 obj\n%s\nendobj\n" % (number, text))
        size += len(out[-1])
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table))
    out.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, size))
    return b"".join(out)


def word(chinese: bool = False) -> bytes:
    """A Word document with headings, marked runs, a list, a table and a picture."""
    document = docx.Document()
    texts = ZH if chinese else EN
    document.add_heading("港口与泥沙" if chinese else "The harbour and its sand", 1)
    paragraph = document.add_paragraph()
    paragraph.add_run("注意：" if chinese else "Note:").bold = True
    paragraph.add_run(" " + texts[0])
    document.add_heading("水深" if chinese else "Depth", 2)
    paragraph = document.add_paragraph("水深 " if chinese else "The depth is ")
    run = paragraph.add_run("7.5")
    run.italic, run.font.size = True, Pt(14)
    paragraph.add_run(" 米。" if chinese else " metres.")
    for item in ("花岗岩", "石灰岩") if chinese else ("granite", "limestone"):
        document.add_paragraph(item, style="List Bullet")
    document.add_picture(io.BytesIO(pixel()))
    table = document.add_table(2, 2)
    for row, cells in zip(table.rows, (("年份", "费用"), ("1893", "4,000")) if chinese else
                          (("Year", "Cost"), ("1893", "4,000")), strict=True):  # fmt: skip
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_paragraph(texts[2])
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word_with(body: str, *, declaration: str = "", members: dict[str, bytes] | None = None) -> bytes:
    """A Word document whose body is this XML; for what Word itself would not write."""
    main = (
        f'<?xml version="1.0" encoding="UTF-8"?>{declaration}'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><w:body>{body}</w:body></w:document>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", main)
        for name, data in (members or {}).items():
            archive.writestr(name, data)
    return stream.getvalue()


def pixel() -> bytes:
    """The smallest PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (1).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
