"""A finished run that understands texts, tried on one: what it says, marked where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.models.relations import marked
from llm_core.tasks.analysis import Name
from llm_core.web.analyze import marking
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.train import label_report, pieces
from llm_core.web.train.try_boxes import Screen
from llm_core.web.train.view import Update, View
from llm_core.web.train.words import Word, word_of
from llm_core.workbench.trying import similarities

if TYPE_CHECKING:
    from llm_core.engines.reader import Answer
    from llm_core.workbench.trying import Trying

LINES_MAX = 12


class Handlers:
    """What the two buttons do.

    Args:
        view: what is shown.
        screen: the components.
    """

    def __init__(self, view: View, screen: Screen) -> None:
        self._view = view
        self._screen = screen

    def example(self, visitor: str, current: str, request: gr.Request) -> Update:
        """Fill in something that the run kept apart."""
        language, owner = language_of_request(request), self._view.owner(visitor)
        try:
            given = self._view.workbench.trying.example(current, owner)
        except UserError as error:
            return {self._screen.told: pieces.notice(explain(error, language))}
        return dict(zip(self._screen.fields, given, strict=False)) | {self._screen.told: ""}

    def tell(self, visitor: str, current: str, request: gr.Request, *texts: str) -> Iterator[Update]:
        """What the run says of the texts; it is opened first, which takes some seconds."""
        language, owner = language_of_request(request), self._view.owner(visitor)
        waiting = f'<p class="meter"><span>{say(language, "stages.opening")}</span></p><i class="line runs"></i>'
        yield {self._screen.told: waiting}
        yield {self._screen.told: self._told(owner, current, [(text or "").strip() for text in texts], language)}

    def _told(self, owner: str, run: str, texts: Sequence[str], language: Language) -> str:
        trying = self._view.workbench.trying
        try:
            roles = trying.roles(run, owner)
            if not all(texts[: len(roles)]):
                raise UserError("text_empty")
            word = word_of(self._view.runs.config(owner, run), language)
            return _TELL[trying.learned(run, owner)](trying, owner, run, texts[: len(roles)], word, language)
        except UserError as error:
            return pieces.notice(explain(error, language))
        except Exception:
            return pieces.notice(explain(unexpected("trying a run"), language))


def _label(trying: Trying, owner: str, run: str, texts: Sequence[str], word: Word, language: Language) -> str:
    """The labels of a text, or of two together, of every set."""
    classifier = trying.tools(run, owner).classifier("topic")
    text = texts[0] if len(texts) == 1 else (texts[0], texts[1])
    sets = list(classifier.label_sets)
    found = [classifier.classify([text], name)[0] for name in sets]
    names = sets if len(sets) > 1 else [""]
    return "".join(label_report.verdict(name, one, word) for name, one in zip(names, found, strict=True))


def _relation(trying: Trying, owner: str, run: str, texts: Sequence[str], word: Word, language: Language) -> str:
    text, *ends = texts
    if lost := [name for name in ends if name not in text]:
        raise UserError("name_not_in_text", name=lost[0][:80])
    head, tail = ({"text": name, "start": text.index(name)} for name in ends)
    found = trying.tools(run, owner).classifier("relations").classify([marked(text, head, tail)])[0]
    return label_report.verdict(f"{ends[0]} → {ends[1]}", found, word)


def _tags(trying: Trying, owner: str, run: str, texts: Sequence[str], word: Word, language: Language) -> str:
    """The text with its names underlined, each with its kind."""
    text, tagger = texts[0], trying.tools(run, owner).tagger()
    sets = tagger.label_sets
    told = ""
    for name in sets:
        found = [
            Name(one.start, one.end, text[one.start : one.end], one.type, one.score)
            for one in tagger.find([text], name)[0]
        ]
        title = f'<p class="heading">{escape(name)}</p>' if len(sets) > 1 else ""
        none = "" if found else f'<p class="why">{say(language, "trained.try_none")}</p>'
        told += title + marking.named(text, found, language) + none
    return told


def _span(trying: Trying, owner: str, run: str, texts: Sequence[str], word: Word, language: Language) -> str:
    """The passage with the answer marked, or that it is not there."""
    passage, question = texts
    found = trying.tools(run, owner).reader().read([(question, passage)])[0]
    said = say(language, "trained.try_not_there") if found.abstained else found.text
    sure = {"score": f"{found.score:.0%}", "text": found.text or "–"}
    why = say(language, "trained.try_nearest" if found.abstained else "trained.try_sure", **sure)
    return f'<p class="verdict">{escape(said)}</p><p class="why">{escape(why)}</p>{_marked(passage, found)}'


def _marked(passage: str, found: Answer) -> str:
    if found.abstained:
        return ""
    before, after = passage[: found.start], passage[found.end :]
    return f'<p class="text">{escape(before)}<mark>{escape(found.text)}</mark>{escape(after)}</p>'


def _alike(trying: Trying, owner: str, run: str, texts: Sequence[str], word: Word, language: Language) -> str:
    """How near each text lies to each other one."""
    lines = [line.strip() for line in texts[0].splitlines() if line.strip()][:LINES_MAX]
    if len(lines) < 2:
        raise UserError("texts_few")
    near = similarities(trying.encoder(run, owner), lines)
    heads = "".join(f"<th>{number}</th>" for number in range(1, len(lines) + 1))
    rows = "".join(
        f'<tr><th scope="row"><span class="text">{number}. {escape(line)}</span></th>{_cells(row, number - 1)}</tr>'
        for number, (line, row) in enumerate(zip(lines, near, strict=True), 1)
    )
    why = say(language, "trained.try_cosines")
    table = f'<table class="label-table confusion alike"><tr><th></th>{heads}</tr>{rows}</table>'
    return f'<div class="wide">{table}</div><p class="why">{why}</p>'


def _cells(row: Sequence[float], own: int) -> str:
    """Shaded by how near the text is; it is nearest to itself, which says nothing."""
    return "".join(
        "<td>–</td>" if place == own else f'<td class="right" style="--share:{max(0.0, value):.0%}">{value:.2f}</td>'
        for place, value in enumerate(row)
    )


_TELL: Mapping[str, Callable[[Any, str, str, Sequence[str], Word, Language], str]] = {
    "label": _label,
    "relation": _relation,
    "tags": _tags,
    "span": _span,
    "contrastive": _alike,
}
