"""The Ask tab as HTML: questions with their answers, evidence with its place, what stands there before either."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Sequence

from llm_core.catalog.understanding import Figure, Quality
from llm_core.messages import Language, say
from llm_core.text import sentences
from llm_core.text.language import language as language_of
from llm_core.text.spans import Span
from llm_core.web.analyze.pieces import quality_line
from llm_core.web.frame import escape
from llm_core.workbench.answers import Piece, Record, Words

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
    text = (
        f'<p class="answer"{_lang(record["answer"])}>{_cited(record, name, language)}</p>{_doubt(record, language)}'
    )
    delete = f'<button class="quiet" data-do="forget" data-id="{escape(name)}">{say(language, "ask.forget")}</button>'
    meter = f'<p class="meter"><span>{_told(record, language)}</span>{_sure(record, language)}{delete}</p>'
    places = _places(record, name, language, opened)
    return f'<article class="{kind}">{head}{text}{places}{meter}{_measured(record, language)}</article>'


def evidence(
    pieces: Sequence[Piece], name: str, language: Language, *, first: int = 1, exact: Words | None = None
) -> str:
    """Pieces of evidence as a numbered list; the words that the reader found stand out in theirs."""
    lines = "".join(
        _piece(piece, f"{name}-{number}", language, _words_in(exact, piece))
        for number, piece in enumerate(pieces, first)
    )
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
        sentence = _with_words(text[start:end], record) if record["method"] == "sentence" else escape(text[start:end])
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
    exact = record.get("exact")
    shown = evidence(cited, name, language, exact=exact) if cited else ""
    if not others:
        return shown
    label = say(language, "ask.nearest" if record["abstained"] else "ask.others", n=len(others))
    more = evidence(others, name, language, first=len(used) + 1, exact=exact)
    unfolded = " open" if opened and not record["abstained"] and not cited else ""
    return f'{shown}<details class="others"{unfolded}><summary>{label}</summary>{more}</details>'


def _piece(piece: Piece, link: str, language: Language, words: Span) -> str:
    """A sentence with its neighbours and its place; `words` are those of the sentence that stand out, if any."""
    passage = piece["passage"]
    start, end = piece["start"] - piece["passage_start"], piece["end"] - piece["passage_start"]
    first, last = _surroundings(passage, start, end)
    before, after = _paragraphs(passage[first:start]), _paragraphs(passage[end:last])
    cuts = (start, start + words.start, start + words.end, end)
    head, exact, rest = (_paragraphs(passage[a:b]) for a, b in itertools.pairwise(cuts))
    sentence = f"{head}<b>{exact}</b>{rest}" if exact else head + rest
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


def _words_in(exact: Words | None, piece: Piece) -> Span:
    """Where in the sentence of `piece` the reader's words stand; nothing where they are of another."""
    if exact is None or exact["id"] != piece["id"]:
        return Span(0, 0)
    start, end = max(exact["start"], piece["start"]), min(exact["end"], piece["end"])
    return Span(start, end).shifted(-piece["start"]) if start < end else Span(0, 0)


def _with_words(answer: str, record: Record) -> str:
    """A sentence of a document, in one line, with the words that the reader found marked in it."""
    exact, piece = record.get("exact"), record["evidence"][0]
    place = _words_in(exact, piece)
    words = " ".join(place.of(piece["sentence"]).split())
    before = " ".join(piece["sentence"][: place.start].split())
    start = answer.find(words, len(before)) if words else -1
    if start < 0:
        return escape(answer)
    end = start + len(words)
    return f'{escape(answer[:start])}<mark class="exact">{escape(answer[start:end])}</mark>{escape(answer[end:])}'


def _doubt(record: Record, language: Language) -> str:
    """That an answer is to be looked at, and what the reader finds where that is something else."""
    if not record.get("unsure"):
        return ""
    exact = record.get("exact")
    if record.get("agrees") is not False or exact is None:
        return notice(say(language, "ask.unsure"), doubt=True)
    told = escape(say(language, "ask.differs", words=" ".join(exact["text"].split())))
    spot = f'data-id="{escape(exact["id"])}" data-start="{exact["start"]}" data-end="{exact["end"]}"'
    look = f'<button class="quiet" data-do="cite" {spot}>{say(language, "ask.show_place")}</button>'
    return f'<div class="notice doubt" role="status"><p>{told} {look}</p></div>'


def _measured(record: Record, language: Language) -> str:
    """How good the model is that read."""
    told = record.get("quality")
    if not told:
        return ""
    line = quality_line(Quality(told["model"], tuple(Figure(**one) for one in told["measured"])), language)
    return f'<p class="measured">{escape(line)}</p>'


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
    exact = record.get("exact")
    if record["method"] == "sentence":
        return say(language, "ask.exact_told" if exact else "ask.sentence_told")
    doubtful = sum(doubt for *_, doubt in record["claims"])
    told = say(language, "ask.doubt_told" if doubtful else "ask.written_told", n=doubtful)
    if exact is None or not record.get("agrees"):
        return told
    words = escape(" ".join(exact["text"].split()))
    return say(language, "ask.stop_gap").join([told, say(language, "ask.same", words=words)])


def _sure(record: Record, language: Language) -> str:
    if record["abstained"]:
        return ""
    return f"<span>{say(language, 'ask.certainty')} <b>{record['score']:.2f}</b></span>"


def _lang(text: str) -> str:
    found = language_of(text)
    return f' lang="{TAGS[found]}"' if found else ""
