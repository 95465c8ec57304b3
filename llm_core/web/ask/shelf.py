"""The documents on the left, and the page of one of them on the right, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from llm_core.documents.document import Block, Document
from llm_core.messages import Language, say
from llm_core.store.libraries import Entry
from llm_core.text.spans import Span
from llm_core.web.ask.pieces import TAGS
from llm_core.web.frame import escape

SHEET_CHARS = 1800  # of a document without pages that are shown at once


def rail(entries: Sequence[Entry], language: Language, *, current: str = "", busy: str = "") -> str:
    """The list of documents.

    Args:
        entries: in order.
        language: of the page.
        current: the id of the one that is open.
        busy: the line of a document that is being read, as HTML.
    """
    lines = "".join(_line(entry, language, current=entry.id == current) for entry in entries)
    if not lines and not busy:
        return f'<p class="why">{say(language, "ask.no_documents")}</p>'
    return f'<ul class="docs" aria-label="{say(language, "ask.documents")}">{lines}{busy}</ul>'


def busy(name: str, told: str, share: float | None, language: Language) -> str:
    """A document that is being read: how far, and a word to stop it."""
    style = f' style="--w:{share:.4f}"' if share is not None else ' class="runs"'
    stop = f'<button class="quiet" data-do="stop-adding">{say(language, "ask.stop")}</button>'
    return f'<li class="busy"><b>{escape(name)}</b><span>{escape(told)}</span>{stop}<i{style}></i></li>'


def sheet(document: Document, name: str, place: Span, language: Language) -> str:
    """The page, or the part, of a document that holds `place`, with it marked where it is not empty."""
    parts = pages(document)
    number = max(index for index, part in enumerate(parts) if part.start <= max(place.start, parts[0].start))
    part = parts[number]
    inside = [block for block in document.blocks if block.start < part.end and block.end > part.start]
    body = "".join(_block(document, block, part, place) for block in inside)
    lang = f' lang="{TAGS[document.language]}"' if document.language else ""
    head = say(language, "ask.sheet_page" if document.page_starts else "ask.sheet_part", n=number + 1, of=len(parts))
    turn = "".join(
        f'<button class="quiet" data-do="cite" data-id="{escape(name)}" data-start="{parts[to].start}" '
        f'data-end="{parts[to].start}">{say(language, f"ask.{word}")}</button>'
        for word, to in (("before", number - 1), ("after", number + 1))
        if 0 <= to < len(parts)
    )
    title = f'<p class="h"><b>{escape(document.name)}</b></p>'
    return (
        f'{title}<p class="meter turn"><span>{head}</span>{turn}</p>'
        f'<div class="sheet" tabindex="0"{lang}>{body or say(language, "ask.sheet_blank")}</div>'
    )


def pages(document: Document) -> list[Span]:
    """What is shown of a document at once: its pages, or stretches that begin with a heading where they can."""
    if document.page_starts:
        starts = list(document.page_starts)
        return [Span(a, b) for a, b in zip(starts, [*starts[1:], len(document.text)], strict=True)]
    starts = [0]
    for block in document.blocks:
        long = block.start - starts[-1]
        if long > SHEET_CHARS or (block.kind == "heading" and long > SHEET_CHARS / 3):
            starts.append(block.start)
    return [Span(a, b) for a, b in zip(starts, [*starts[1:], len(document.text)], strict=True)]


def _line(entry: Entry, language: Language, *, current: bool) -> str:
    mark = ' aria-current="true"' if current else ""
    pages = [say(language, "ask.n_pages", n=entry.pages)] if entry.pages is not None else []
    told = say(language, "ask.list_comma").join([*pages, say(language, "ask.n_passages", n=entry.passages)])
    sure = escape(say(language, "ask.delete_sure"))
    delete = (
        f'<div class="acts"><button class="quiet" data-do="delete" data-confirm="{sure}">'
        f"{say(language, 'ask.delete')}</button></div>"
        if current
        else ""
    )
    name = escape(entry.name)
    return (
        f'<li data-id="{escape(entry.id)}"{mark}><button class="open" data-do="open" title="{name}"><b>{name}</b>'
        f"<span>{told}</span></button>{delete}</li>"
    )


def _block(document: Document, block: Block, part: Span, place: Span) -> str:
    """A block as far as it stands in `part`."""
    start, end = max(block.start, part.start), min(block.end, part.end)
    begin, stop = min(max(place.start, start), end), min(max(place.end, start), end)
    text = escape(document.text[start:begin])
    if stop > begin:
        text += f"<mark>{escape(document.text[begin:stop])}</mark>{escape(document.text[stop:end])}"
    else:
        text += escape(document.text[begin:end])
    if block.kind == "heading":
        return f"<p><b>{text}</b></p>"
    return f'<p class="{block.kind}">{text}</p>'
