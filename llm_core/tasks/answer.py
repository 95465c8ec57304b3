"""Answer a question from documents: the best sentences at once, the words that the reader finds, an answer in words.

Knows no file, no library and no face. What the model writes is taken to pieces by code: each sentence gets the places
that bear it out, or is marked as doubtful; the whole is compared with what the reader found. Where the documents do
not hold the answer, it says so. Without a reader the best sentences alone decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Generator as Generating
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from llm_core.catalog.understanding import Quality
from llm_core.engines.base import Capability, Encoder, Generator
from llm_core.events import Delta, Done, Event, Events, Item, Progress
from llm_core.messages import Language, say
from llm_core.store.passages import Passages
from llm_core.tasks import chat, confidence, grounding, retrieval
from llm_core.tasks.answer_prompt import is_refusal, may_become_refusal, prompt, refusal_probability
from llm_core.tasks.answer_spans import Exact, Reading, agrees, first, read
from llm_core.tasks.grounding import Claim
from llm_core.tasks.retrieval import Evidence, Found
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS
from llm_core.tasks.tools import Tools
from llm_core.tasks.waiting import ticking
from llm_core.text.language import language

Method: TypeAlias = Literal["written", "sentence", "none"]

EVIDENCE = 5  # pieces that are shown
PASSAGES = 8  # that are ranked further
REPLY_TOKENS = 160  # two sentences have 60 to 90


@dataclass(frozen=True, slots=True)
class Writer:
    """The language model that puts the answer in words."""

    generator: Generator
    parameters: int
    visitor: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what it rests on."""

    text: str  # where the documents do not say, the sentence that says so
    method: Method  # "written" by a model, the best "sentence", or "none"
    score: float  # how sure it is that the documents hold the answer, 0 to 1
    evidence: tuple[Evidence, ...]  # the best first, also where the answer is "none"
    claims: tuple[Claim, ...] = ()  # the sentences of `text` with the numbers of their evidence
    exact: Exact | None = None  # the words of the documents that the reader gives
    agrees: bool | None = None  # whether what was written says the same; None where there is nothing to compare
    quality: Quality | None = None  # of the reader; None where none was heard

    @property
    def abstained(self) -> bool:
        """Whether the documents do not say."""
        return self.method == "none"

    @property
    def unsure(self) -> bool:
        """Whether it is given, but should be looked at: often wrong where it is no surer, or the reader disagrees."""
        return not self.abstained and (self.score < confidence.SURE_FROM or self.agrees is False)


def answer(
    question: str,
    store: Passages,
    text_of: Callable[[str], str],
    encoder: Encoder,
    writer: Writer | None = None,
    tools: Tools | None = None,
) -> Events:
    """Look for the answer to `question`, read it off where a reader is here, and put it in words.

    Args:
        question: in either language, whatever the documents are in.
        store: the passages of the documents.
        text_of: the whole text of a document by its id.
        encoder: as it made the passages' vectors.
        writer: where None, the answer is the sentence that holds it.
        tools: where the reader is.

    Yields:
        Progress ("searching", "opening", "waiting", "reading"), Item(Evidence) up to five times, Delta, Done(Answer).

    Raises:
        UserError: those of the encoder, of the reader and of the language model.
    """
    ranked, evidence = yield from _searched(question, store, text_of, encoder)
    for one in evidence:
        yield Item(one)
    spoken: Language = language(question) or "en"
    if not evidence:
        yield Done(Answer(say(spoken, "ask.not_there"), "none", 0.0, ()))
        return
    reading = yield from ticking(lambda: read(question, ranked, text_of, tools), "reading_passages")
    best = reading.best if reading else None
    ordered = first(best, evidence, text_of(best.found.document)) if best else evidence
    seen = _Seen(question, spoken, evidence, ordered, reading)
    if writer is None or confidence.found(question, evidence) < confidence.NOTHING_BELOW:
        yield Done(_sentence(seen))
    else:
        yield from _written(seen, text_of, encoder, writer)


def look(
    question: str, store: Passages, text_of: Callable[[str], str], encoder: Encoder
) -> Generating[Event, None, list[Evidence]]:
    """The best sentences for `question`, looked for without losing the chance to stop."""
    _, evidence = yield from _searched(question, store, text_of, encoder)
    return evidence


def _searched(
    question: str, store: Passages, text_of: Callable[[str], str], encoder: Encoder
) -> Generating[Event, None, tuple[list[Found], list[Evidence]]]:
    """The best passages and the best sentences of these."""

    def found() -> tuple[list[Found], list[Evidence]]:
        ranked = retrieval.passages(question, store, encoder, PASSAGES)
        return ranked, retrieval.evidence(question, ranked, text_of, encoder, EVIDENCE)

    yield Progress("searching", 0)
    return (yield from ticking(found, "searching"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A question with all that is known before anything is written."""

    question: str
    spoken: Language
    searched: Sequence[Evidence]  # as the search ranks it, not empty
    evidence: Sequence[Evidence]  # the sentence with the reader's words first, where it gives some
    reading: Reading | None

    @property
    def best(self) -> Exact | None:
        """The words that the reader gives."""
        return self.reading.best if self.reading else None

    def held(self, agrees: bool | None = None) -> float:
        """How sure it is that the documents hold the answer; see `confidence.support` for `agrees`."""
        read = confidence.support(self.reading.logit, agrees) if self.reading else None
        return confidence.found(self.question, self.searched, read)

    def told(self, answer: Answer) -> Answer:
        """The answer with what the reader says to the question."""
        quality = self.reading.quality if self.reading else None
        return replace(answer, exact=None if answer.abstained else self.best, quality=quality)


def _written(seen: _Seen, text_of: Callable[[str], str], encoder: Encoder, writer: Writer) -> Events:
    """What the model makes of the evidence, and whether that can be believed."""
    messages, sampling = prompt(
        seen.question, seen.spoken, seen.evidence, text_of, writer.parameters, reply_tokens=REPLY_TOKENS,
        alternatives=Capability.LOGPROBS in writer.generator.capabilities,
    )  # fmt: skip
    replying = chat.reply(writer.generator, messages, sampling, visitor=writer.visitor)
    reply = yield from _followed(replying, seen.spoken)
    text = reply.text.strip()
    refused = not text or is_refusal(text, seen.spoken)
    large = writer.parameters >= LARGE_FROM_PARAMETERS
    refusal = refusal_probability(reply.tokens, text, seen.spoken) if large else None
    agreed = agrees(text, seen.question, seen.best) if seen.best and not refused else None
    sure = confidence.written(seen.question, seen.evidence, text, refusal, seen.held(agreed))
    if refused and (not large or sure >= confidence.ANSWER_FROM):  # a small model's, or against all other signs
        yield Done(_sentence(seen))
        return
    if sure < confidence.ANSWER_FROM:
        yield Done(_none(seen, sure))
        return
    checking = ticking(lambda: grounding.claims(text, seen.question, seen.evidence, encoder), "checking_answer")
    claims = yield from checking
    if all(claim.doubtful for claim in claims):  # nothing that it wrote can be found: the document speaks for itself
        yield Done(_sentence(seen))
        return
    ordered, claims = numbered(seen.evidence, claims)
    yield Done(seen.told(Answer(text, "written", sure, tuple(ordered), tuple(claims), agrees=agreed)))


def _followed(events: Events, spoken: Language) -> Generating[Event, None, chat.Reply]:
    """The reply, held back as long as it may still become "not in the passages"."""
    text = told = ""
    try:
        for event in events:
            match event:
                case Delta():
                    text += event.text
                    if not may_become_refusal(text, spoken):
                        yield Delta(text[len(told) :])
                        told = text
                case Done():
                    reply: chat.Reply = event.result
                    return reply
                case Item():
                    pass  # its tokens come with the whole reply, too
                case _:
                    yield event
    finally:
        events.close()
    raise AssertionError("a reply without an end")


def _sentence(seen: _Seen) -> Answer:
    """The best sentence, or that with the reader's words, as it stands."""
    score = seen.held()
    if score < confidence.ANSWER_FROM:
        return _none(seen, score)
    text = " ".join(seen.evidence[0].sentence.split())
    return seen.told(Answer(text, "sentence", score, tuple(seen.evidence), (Claim(0, len(text), (1,)),)))


def _none(seen: _Seen, score: float) -> Answer:
    return seen.told(Answer(say(seen.spoken, "ask.not_there"), "none", score, tuple(seen.evidence)))


def numbered(evidence: Sequence[Evidence], claims: Sequence[Claim]) -> tuple[list[Evidence], list[Claim]]:
    """The same with the evidence that is cited first, in the order of its citation, and the numbers to match."""
    cited = list(dict.fromkeys(number for claim in claims for number in claim.sources))
    order = cited + [number for number in range(1, len(evidence) + 1) if number not in cited]
    place = {old: new for new, old in enumerate(order, 1)}
    moved = [replace(claim, sources=tuple(sorted(place[old] for old in claim.sources))) for claim in claims]
    return [evidence[number - 1] for number in order], moved
