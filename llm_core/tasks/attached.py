"""Chat with documents: what they say about the last message is put before it, rather than the documents themselves.

The conversation that is kept stays as it was typed; only the model reads the passages, and only for this turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Generator as Generating
from dataclasses import dataclass, replace

from llm_core.documents.document import Document
from llm_core.engines.base import Encoder, Message
from llm_core.events import Event
from llm_core.messages import Language
from llm_core.store.passages import Passages
from llm_core.tasks import confidence
from llm_core.tasks.answer import EVIDENCE, look
from llm_core.tasks.answer_prompt import READ_EVIDENCE, table, windows
from llm_core.tasks.key_sentences import key_sentences
from llm_core.tasks.orders import is_order
from llm_core.tasks.overview import asks_for_overview, names_document
from llm_core.tasks.retrieval import Evidence
from llm_core.tasks.sections import sections
from llm_core.tasks.waiting import ticking
from llm_core.text.language import language
from llm_core.text.spans import Span

SURE_MIN = 0.15  # below it the message is taken to be about something else: thanks, a greeting, a new subject
# Below the best sentence by more than this, another one distracts a small model: asked for the rent of a lease, it
# wove in the term of notice. Seen on thirteen questions to two short documents, not fitted.
NEAR = 0.45
KEY_SENTENCES = 8  # of all documents together, for a message about them as a whole: some ten seconds of reading


@dataclass(frozen=True, slots=True)
class Source:
    """Documents that are searched together."""

    passages: Passages
    names: Mapping[str, str]  # of the documents by their ids, in the order in which they were added
    document_of: Callable[[str], Document]
    attached: bool  # to the conversation: what "this document" means

    def text_of(self, document: str) -> str:
        """The whole text of a document by its id."""
        return self.document_of(document).text


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence that the model read, in the passage around it."""

    document: str  # its id
    span: Span
    passage: Span


def read(
    messages: Sequence[Message], sources: Sequence[Source], encoder: Encoder, *, question_chars: int
) -> Generating[Event, None, tuple[Sequence[Message], list[Quoted]]]:
    """The messages with what the documents say before the last one, and the sentences that they say it in.

    Args:
        messages: the turns so far; the last one is the user's.
        sources: where to look. Where nothing fits, the messages stay as they are.
        encoder: as it made the passages' vectors.
        question_chars: how much of the message is searched for.

    Yields:
        Progress("searching").
    """
    asked = messages[-1].content[:question_chars]
    attached = [source for source in sources if source.attached]
    evidence: list[tuple[Source, Evidence]] = []
    if not (attached and asks_for_overview(asked)):
        evidence = yield from _looked(asked, sources, encoder)
    if evidence:
        quoted = [_quoted(one) for _, one in evidence]
        return _told(messages, "attached", _windows(evidence)), quoted
    if attached and (asks_for_overview(asked) or names_document(asked)):
        keys = yield from ticking(lambda: _keys(attached), "searching")
        quoted = [Quoted(document, span, span) for _, document, span in keys]
        return _told(messages, "overview", _key_lines(keys)), quoted
    return messages, []


def _looked(
    asked: str, sources: Sequence[Source], encoder: Encoder
) -> Generating[Event, None, list[tuple[Source, Evidence]]]:
    """The best sentences of all sources, or none where they are about something else."""
    found: list[tuple[Source, Evidence]] = []
    for source in sources:
        best = yield from look(asked, source.passages, source.text_of, encoder)
        if best and confidence.found(asked, best) >= SURE_MIN:
            found.extend((source, one) for one in best)
    found.sort(key=lambda pair: -pair[1].score)
    near = [pair for pair in found[:EVIDENCE] if pair[1].score >= found[0][1].score - NEAR]
    return [pair for pair in near if not is_order(pair[1].sentence)][:READ_EVIDENCE]


def _windows(evidence: Sequence[tuple[Source, Evidence]]) -> list[str]:
    """What the model reads of each document, under its name."""
    lines: list[str] = []
    for document in dict.fromkeys(one.found.document for _, one in evidence):
        own = [(source, one) for source, one in evidence if one.found.document == document]
        source = own[0][0]
        lines += [f"{source.names[document]}:", *windows([one for _, one in own], source.text_of)]
    return lines


def _quoted(evidence: Evidence) -> Quoted:
    passage = evidence.found.passage
    return Quoted(evidence.found.document, evidence.span, Span(passage.start, passage.end))


def _keys(sources: Iterable[Source]) -> list[tuple[Source, str, Span]]:
    """The key sentences of the documents; of many documents, of the latest ones."""
    documents = [(source, name) for source in sources for name in source.names][-KEY_SENTENCES:]
    each = KEY_SENTENCES // max(1, len(documents))
    found: list[tuple[Source, str, Span]] = []
    for source, name in documents:
        document = source.document_of(name)
        keys = key_sentences(document.text, sections(document), each)
        found += [(source, name, key.span) for key in keys if not is_order(key.span.of(document.text))]
    return found


def _key_lines(keys: Sequence[tuple[Source, str, Span]]) -> list[str]:
    lines: list[str] = []
    last = ""
    for source, document, span in keys:
        if document != last:
            lines.append(f"{source.names[document]}:")
            last = document
        lines.append(f"- {' '.join(span.of(source.text_of(document)).split())}")
    return lines


def _told(messages: Sequence[Message], prompt: str, lines: Sequence[str]) -> list[Message]:
    asked = messages[-1]
    spoken: Language = language(asked.content) or "en"
    template: str = table()[prompt][spoken]
    # The passages last: nothing that stands in them is taken for a place to fill.
    content = template.replace("{question}", asked.content, 1).replace("{passages}", "\n".join(lines), 1)
    return [*messages[:-1], replace(asked, content=content)]
