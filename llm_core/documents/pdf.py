"""PDF: the words that it holds, page by page, by PDFium; pages without words (scans) are counted.

PDFium was measured beside pypdf and pdfminer.six (docs/decisions/0009-reading-pdf.md).
"""

from __future__ import annotations

import pypdfium2 as pdfium

from llm_core.documents.layout import paragraphs
from llm_core.documents.pdf_lines import Line, lines
from llm_core.documents.reading import Reading
from llm_core.documents.running_heads import without_running_heads
from llm_core.errors import UserError

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SECURITY = 5  # FPDF_ERR_SECURITY: an encryption that PDFium does not know


def read(data: bytes, reading: Reading) -> None:
    """See formats.Reader."""
    pages = without_running_heads(_pages(data, reading))
    reading.pages_without_text = [number for number, page in enumerate(pages, 1) if not page]
    for paragraph in paragraphs(pages):
        reading.add(paragraph.text, paragraph.kind, paragraph.level, tuple(paragraph.turns))


def _pages(data: bytes, reading: Reading) -> list[list[Line]]:
    document = _open(data)
    reading.pages = total = len(document)
    if not total:
        raise UserError("document_empty")
    if total > reading.limits.pages_max:
        raise UserError("document_pages", pages=total, limit=reading.limits.pages_max)
    found = []
    chars = 0
    for index in range(total):
        reading.say(index, total)
        page = _page(document, index)
        found.append(page)
        chars += sum(len(line.text) for line in page)
        if chars > reading.limits.chars_max:
            raise UserError("document_too_long", limit=reading.limits.chars_max)
    reading.say(total, total)
    return found


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) in (_PASSWORD, _SECURITY)
        raise UserError("document_locked" if locked else "document_broken") from error


def _page(document: pdfium.PdfDocument, index: int) -> list[Line]:
    """The lines of one page; none of one that is damaged, as of one without text."""
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return []
    textpage = page.get_textpage()
    try:
        return [line for line in lines(textpage, page.get_rotation() // 90) if line.text]
    finally:
        textpage.close()
        page.close()
