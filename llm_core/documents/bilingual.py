"""A Word document with source and translation one below the other: what comes out for formats that are not kept.

Written by hand: five small members of a zip archive, so that no Word library is loaded.
"""

from __future__ import annotations

import html
import io
import itertools
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from llm_core.documents.document import CELL_GAP, Block, Document
from llm_core.text.normalize import clean

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MEMBERS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
}
_GREY = "626C6F"  # ink-3 of the page
_FONTS = '<w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:eastAsia="宋体" w:cs="Times New Roman"/>'
_DATE_MIN = (1980, 1, 1, 0, 0, 0)  # the same file each time


def bilingual(document: Document, texts: Mapping[int, str]) -> bytes:
    """A docx of the document's blocks: the translation where there is one, and its source in grey below it."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {
            **_MEMBERS,
            "word/styles.xml": _styles(),
            "word/document.xml": _main(document, texts),
        }.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE_MIN), _HEAD + text, zipfile.ZIP_DEFLATED)
    return result.getvalue()


def _main(document: Document, texts: Mapping[int, str]) -> str:
    parts = []
    page: int | None = None
    rows = itertools.groupby(enumerate(document.blocks), key=lambda pair: pair[1].kind == "row")
    for is_row, group in rows:
        if is_row:
            parts.append(_table([(document.text_of(block), texts.get(index)) for index, block in group]))
            continue
        for index, block in group:
            if block.page != page:
                page = block.page
                parts.append(_paragraph("Page", str(page)))
            parts += _pair(block, document.text_of(block), texts.get(index))
    return f'<w:document xmlns:w="{_MAIN}"><w:body>{"".join(parts)}<w:sectPr/></w:body></w:document>'


def _pair(block: Block, source: str, target: str | None) -> Iterator[str]:
    style = f"Heading{block.level}" if block.kind == "heading" else "Code" if block.kind == "code" else "Translation"
    if target is None:
        yield _paragraph(style, source)
        return
    yield _paragraph(style, target)
    yield _paragraph("Source", source)


def _table(rows: list[tuple[str, str | None]]) -> str:
    border = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:color="{_GREY}"/>' for side in ("top", "bottom", "insideH")
    )
    lines = []
    for source, target in rows:
        sources = source.split(CELL_GAP)
        targets = target.split(CELL_GAP) if target is not None else []
        cells = itertools.zip_longest(targets or sources, sources if targets else [], fillvalue="")
        lines.append("".join(f"<w:tc>{_cell(*pair)}</w:tc>" for pair in cells))
    body = "".join(f"<w:tr>{line}</w:tr>" for line in lines)
    grid = "<w:gridCol/>" * max(line.count("<w:tc>") for line in lines)
    return (
        f"<w:tbl><w:tblPr><w:tblBorders>{border}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
        + _paragraph("Source", "")  # two tables without a paragraph between them would become one
    )


def _cell(first: str, second: str) -> str:
    return _paragraph("Translation", first) + (_paragraph("Source", second) if second else "")


def _paragraph(style: str, text: str) -> str:
    lines = (f'<w:t xml:space="preserve">{html.escape(line)}</w:t>' for line in clean(text).split("\n"))
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r>{"<w:br/>".join(lines)}</w:r></w:p>'


def _styles() -> str:
    sizes = {1: 32, 2: 28, 3: 26, 4: 24, 5: 22, 6: 22}  # half points
    styles = [_style("Normal", "Normal", default=True, after=120, size=22)]
    styles += [
        _style(f"Heading{level}", f"heading {level}", before=240, after=60, size=size, bold=True, level=level)
        for level, size in sizes.items()
    ]
    styles += [
        _style("Translation", "Translation", after=40, size=22),
        _style("Source", "Source", after=200, size=19, grey=True),
        _style("Code", "Code", after=120, size=19, mono=True),
        _style("Page", "Page", before=240, after=60, size=18, grey=True, right=True),
    ]
    defaults = f"<w:docDefaults><w:rPrDefault><w:rPr>{_FONTS}</w:rPr></w:rPrDefault></w:docDefaults>"
    return f'<w:styles xmlns:w="{_MAIN}">{defaults}{"".join(styles)}</w:styles>'


def _style(style_id: str, name: str, **says: Any) -> str:
    """One style of paragraphs; spaces in twentieths of a point, size in half points."""
    outline = f'<w:outlineLvl w:val="{says["level"] - 1}"/>' if "level" in says else ""
    keep = "<w:keepNext/>" if "level" in says or style_id == "Translation" else ""
    space = f'<w:spacing w:before="{says.get("before", 0)}" w:after="{says["after"]}"/>'
    side = '<w:jc w:val="right"/>' if says.get("right") else ""
    font = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas"/>' if says.get("mono") else ""
    bold = "<w:b/>" if says.get("bold") else ""
    grey = f'<w:color w:val="{_GREY}"/>' if says.get("grey") else ""
    default = ' w:default="1"' if says.get("default") else ""
    based = "" if default else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{style_id}"><w:name w:val="{name}"/>{based}'
        f"<w:pPr>{keep}{space}{side}{outline}</w:pPr>"
        f'<w:rPr>{font}{bold}{grey}<w:sz w:val="{says["size"]}"/></w:rPr></w:style>'
    )
