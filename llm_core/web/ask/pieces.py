"""The Ask tab as HTML: questions with their answers, evidence with its place, what stands there before either."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from llm_core.messages import Language, say
from llm_core.text import sentences
from llm_core.text.language import language as language_of
from llm_core.web.frame import escape
from llm_core.workbench.answers import Piece, Record

TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}
EXAMPLES = 3


def thread(answers: Sequence[tuple[str, Record]], language: Language) -> str:
    """The answers, the newest first."""
    written = "".join(
        answered(name, record, language, opened=not number) for number, (name, record) in enumerate(answers)
    )
    return f'<div class="thread">{written}</div>'


def answered(name: str, record: Record, language: Language, *, opened: bool) -> str:
    """One question with its answer and what it rests on.

    Args:
        name: the answer's id.
        record: the answer.
        language: of the page.
        opened: whether places that are not cited are shown too; older answers fold them.
    """
    kind = "qa none" if record["abstained"] else "qa"
    head = f"<h3{_lang(record['question'])}>{escape(record['question'])}</h3>"
    text = f'<p class="answer"{_lang(record["answer"])}>{_cited(record, name, language)}</p>'
    delete = f'<button class="quiet" data-do="forget" data-id="{escape(name)}">{say(language, "ask.forget")}</button>'
    meter = f'<p class="meter"><span>{_told(record, language)}</span>{_sure(record, language)}{delete}</p>'
    return f'<article class="{kind}">{head}{text}{_places(record, name, language, opened)}{meter}</article>'


def evidence(pieces: Sequence[Piece], name: str, language: Language, *, first: int = 1) -> str:
    """Pieces of evidence as a numbered list."""
    lines = "".join(_piece(piece, f"{name}-{number}", language) for number, piece in enumerate(pieces, first))
    return f'<ol class="cites" style="--first:{first - 1}">{lines}</ol>'


def empty(language: Language, trust: str, *, documents: int) -> str:
    """Before the first question: what this is for, whether anything leaves the machine, and questions to try."""
    title = say(language, "ask.empty_asked" if documents else "ask.empty")
    starts = ""
    if not documents:
        asked = [say(language, f"ask.example_{number}") for number in range(1, EXAMPLES + 1)]
        lines = "".join(f'<li><button data-do="example"{_lang(one)}>{escape(one)}</button></li>' for one in asked)
        starts = f'<p class="why">{say(language, "ask.examples")}</p><ul class="starts">{lines}</ul>'
    why = f"{say(language, 'ask.empty_trust')} {escape(trust)}"
    return f'<section class="empty"><h2>{title}</h2><p>{why}</p>{starts}</section>'


def script(question: str, documents: Sequence[str], language: Language) -> str:
    """How a program asks the same."""
    files = (
        [*(shlex.quote(name) for name in documents[:2]), "…"] if len(documents) > 2 else map(shlex.quote, documents)
    )
    command = f"python -m llm_core ask {shlex.quote(question)} {' '.join(files)} --json"
    call = f'client.predict({json.dumps(question, ensure_ascii=False)}, [handle_file("…")], api_name="/ask")'
    return (
        f'<details class="cmd"><summary>{say(language, "ask.script")}</summary>'
        f'<pre tabindex="0"><code>{escape(command)}</code></pre><pre tabindex="0"><code>{escape(call)}</code></pre>'
        "</details>"
    )


def notice(sentence: str, *, doubt: bool = False) -> str:
    """What went wrong, or what to know, in its place."""
    kind = "notice doubt" if doubt else "notice"
    return f'<div class="{kind}" role="status"><p>{escape(sentence)}</p></div>'


def _cited(record: Record, name: str, language: Language) -> str:
    """The answer with a number behind each sentence, and what nothing bears out underlined."""
    parts, text, place = [], record["answer"], 0
    for start, end, sources, doubtful in record["claims"]:
        sentence = escape(text[start:end])
        if doubtful:
            sentence = f'<mark class="doubt" title="{say(language, "ask.doubtful")}">{sentence}</mark>'
        links = "".join(_link(number, record["evidence"][number - 1], name, language) for number in sources)
        parts.append(escape(text[place:start]) + sentence + links)
        place = end
    return "".join(parts) + escape(text[place:])


def _link(number: int, piece: Piece, name: str, language: Language) -> str:
    label = say(language, "ask.citation", number=number, document=piece["document"])
    return (
        f'<button class="cite" data-do="cite" data-link="{name}-{number}" {_spot(piece)} '
        f'aria-label="{escape(label)}">{number}</button>'
    )


def _spot(piece: Piece) -> str:
    return f'data-id="{escape(piece["id"])}" data-start="{piece["start"]}" data-end="{piece["end"]}"'


def _places(record: Record, name: str, language: Language, opened: bool) -> str:
    """What the answer cites, then, folded, the other places that were found."""
    used = {number for _, _, sources, _ in record["claims"] for number in sources}
    cited, others = record["evidence"][: len(used)], record["evidence"][len(used) :]
    shown = evidence(cited, name, language) if cited else ""
    if not others:
        return shown
    label = say(language, "ask.nearest" if record["abstained"] else "ask.others", n=len(others))
    more = evidence(others, name, language, first=len(used) + 1)
    unfolded = " open" if opened and not record["abstained"] and not cited else ""
    return f'{shown}<details class="others"{unfolded}><summary>{label}</summary>{more}</details>'


def _piece(piece: Piece, link: str, language: Language) -> str:
    passage = piece["passage"]
    start, end = piece["start"] - piece["passage_start"], piece["end"] - piece["passage_start"]
    first, last = _surroundings(passage, start, end)
    parts = (passage[first:start], passage[start:end], passage[end:last])
    before, sentence, after = (_paragraphs(part) for part in parts)
    quote = f"{before}<mark>{sentence}</mark>{after}"
    place = " · ".join(_where(piece, language))
    return (
        f'<li data-do="cite" data-link="{link}" tabindex="0" role="button" {_spot(piece)}>'
        f"<blockquote{_lang(passage)}>{quote}</blockquote>"
        f"<cite>{escape(piece['document'])}<span>{escape(place)}</span></cite></li>"
    )


def _surroundings(passage: str, start: int, end: int) -> tuple[int, int]:
    """From where to where a passage is quoted: the sentence with its neighbours."""
    spans = sentences.split(passage)
    before = [span.start for span in spans if span.end <= start]
    after = [span.end for span in spans if span.start >= end]
    return (before[-1] if before else start), (after[0] if after else end)


def _paragraphs(text: str) -> str:
    """Escaped, each paragraph on a line of its own."""
    return re.sub(r"\n\s*\n", "\n", escape(text))


def _where(piece: Piece, language: Language) -> list[str]:
    page = [say(language, "ask.page", page=piece["page"])] if piece["page"] is not None else []
    return page + piece["heading"][-1:]


def _told(record: Record, language: Language) -> str:
    """How the answer came about, in one sentence."""
    if record["abstained"]:
        return say(language, "ask.none_told")
    if record["method"] == "sentence":
        return say(language, "ask.sentence_told")
    doubtful = sum(doubt for *_, doubt in record["claims"])
    return say(language, "ask.doubt_told" if doubtful else "ask.written_told", n=doubtful)


def _sure(record: Record, language: Language) -> str:
    if record["abstained"]:
        return ""
    return f"<span>{say(language, 'ask.certainty')} <b>{record['score']:.2f}</b></span>"


def _lang(text: str) -> str:
    found = language_of(text)
    return f' lang="{TAGS[found]}"' if found else ""
