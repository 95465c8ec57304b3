"""Answer a question from documents: the best sentences at once, then an answer in words, checked against them.

Knows no file, no library and no face. What the model writes is taken to pieces by code: each sentence gets the places
that bear it out, or is marked as doubtful. Where the documents do not hold the answer, it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Generator as Generating
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from llm_core.engines.base import Capability, Encoder, Generator
from llm_core.events import Delta, Done, Event, Events, Item, Progress
from llm_core.messages import Language, say
from llm_core.store.passages import Passages
from llm_core.tasks import chat, confidence, grounding, retrieval
from llm_core.tasks.answer_prompt import is_refusal, may_become_refusal, prompt, refusal_probability
from llm_core.tasks.grounding import Claim
from llm_core.tasks.retrieval import Evidence
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS
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

    @property
    def abstained(self) -> bool:
        """Whether the documents do not say."""
        return self.method == "none"


def answer(
    question: str, store: Passages, text_of: Callable[[str], str], encoder: Encoder, writer: Writer | None = None
) -> Events:
    """Look for the answer to `question` and put it in words.

    Args:
        question: in either language, whatever the documents are in.
        store: the passages of the documents.
        text_of: the whole text of a document by its id.
        encoder: as it made the passages' vectors.
        writer: where None, the answer is the best sentence.

    Yields:
        Progress ("searching", "opening", "waiting", "reading"), Item(Evidence) up to five times, Delta, Done(Answer).

    Raises:
        UserError: those of the encoder and of the language model.
    """

    evidence = yield from look(question, store, text_of, encoder)
    for one in evidence:
        yield Item(one)
    spoken: Language = language(question) or "en"
    score = confidence.found(question, evidence)
    if not evidence or score < confidence.NOTHING_BELOW:
        yield Done(_none(spoken, score, evidence))
    elif writer is None:
        yield Done(_sentence(spoken, score, evidence))
    else:
        yield from _written(question, spoken, score, evidence, text_of, encoder, writer)


def look(
    question: str, store: Passages, text_of: Callable[[str], str], encoder: Encoder
) -> Generating[Event, None, list[Evidence]]:
    """The best sentences for `question`, looked for without losing the chance to stop."""

    def found() -> list[Evidence]:
        ranked = retrieval.passages(question, store, encoder, PASSAGES)
        return retrieval.evidence(question, ranked, text_of, encoder, EVIDENCE)

    yield Progress("searching", 0)
    return (yield from ticking(found, "searching"))


def _written(
    question: str,
    spoken: Language,
    score: float,
    evidence: Sequence[Evidence],
    text_of: Callable[[str], str],
    encoder: Encoder,
    writer: Writer,
) -> Events:
    """What the model makes of the evidence, and whether that can be believed."""
    messages, sampling = prompt(
        question, spoken, evidence, text_of, writer.parameters, reply_tokens=REPLY_TOKENS,
        alternatives=Capability.LOGPROBS in writer.generator.capabilities,
    )  # fmt: skip
    reply = yield from _followed(chat.reply(writer.generator, messages, sampling, visitor=writer.visitor), spoken)
    text = reply.text.strip()
    refused = not text or is_refusal(text, spoken)
    large = writer.parameters >= LARGE_FROM_PARAMETERS
    refusal = refusal_probability(reply.tokens, text, spoken) if large else None
    sure = confidence.written(question, evidence, text, refusal)
    if refused and (not large or sure >= confidence.ANSWER_FROM):  # a small model's, or against all other signs
        yield Done(_sentence(spoken, confidence.found(question, evidence), evidence))
        return
    if sure < confidence.ANSWER_FROM:
        yield Done(_none(spoken, sure, evidence))
        return
    claims = yield from ticking(lambda: grounding.claims(text, question, evidence, encoder), "checking_answer")
    if all(claim.doubtful for claim in claims):  # nothing that it wrote can be found: the document speaks for itself
        yield Done(_sentence(spoken, confidence.found(question, evidence), evidence))
        return
    ordered, claims = numbered(evidence, claims)
    yield Done(Answer(text, "written", sure, tuple(ordered), tuple(claims)))


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


def _sentence(spoken: Language, score: float, evidence: Sequence[Evidence]) -> Answer:
    if score < confidence.ANSWER_FROM:
        return _none(spoken, score, evidence)
    text = " ".join(evidence[0].sentence.split())
    return Answer(text, "sentence", score, tuple(evidence), (Claim(0, len(text), (1,)),))


def _none(spoken: Language, score: float, evidence: Sequence[Evidence]) -> Answer:
    return Answer(say(spoken, "ask.not_there"), "none", score, tuple(evidence))


def numbered(evidence: Sequence[Evidence], claims: Sequence[Claim]) -> tuple[list[Evidence], list[Claim]]:
    """The same with the evidence that is cited first, in the order of its citation, and the numbers to match."""
    cited = list(dict.fromkeys(number for claim in claims for number in claim.sources))
    order = cited + [number for number in range(1, len(evidence) + 1) if number not in cited]
    place = {old: new for new, old in enumerate(order, 1)}
    moved = [replace(claim, sources=tuple(sorted(place[old] for old in claim.sources))) for claim in claims]
    return [evidence[number - 1] for number in order], moved
