"""What the language model reads to answer a question: prompts/answer.toml, and the few sentences that matter.

A small model reads some 70 tokens a second: it gets the best sentences with their neighbours, not whole passages.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from llm_core.engines.base import Message, Sampling, Token
from llm_core.messages import Language
from llm_core.tasks.orders import is_order
from llm_core.tasks.retrieval import Evidence
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS
from llm_core.text import sentences
from llm_core.text.language import language
from llm_core.text.spans import Span

TELLING_CHARS: dict[Language, int] = {"en": 40, "zh": 16}  # the beginning that tells an answer from a refusal
REFUSED, NOT_REFUSED = 0.7, 0.1  # what these mean on the average
ALTERNATIVES = 10  # of each token, to find the refusal among
READ_EVIDENCE = 4  # best sentences whose surroundings are read
_FILE = Path(__file__).parent / "prompts" / "answer.toml"

# Ways of saying "not there" that models take instead of the sentence that they were given.
REFUSALS = re.compile(
    r"^(?:sorry|unfortunately|no,)?.{0,60}\b(?:not|n't|no)\b.{0,30}\b(?:say|state|mention|specif|provide|contain|give|"
    r"include|information|indicate)"
    r"|^.{0,24}(?:没有|并未|未|无法)(?:明确)?(?:提到|提及|说明|提供|写明|给出|包含|指出|回答|找到|答案|相关)",
    re.IGNORECASE | re.DOTALL,
)


@functools.cache
def table() -> dict[str, Any]:
    """The prompts."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def prompt(
    question: str,
    spoken: Language,
    evidence: Sequence[Evidence],
    text_of: Callable[[str], str],
    parameters: int,
    *,
    reply_tokens: int,
    alternatives: bool,
) -> tuple[list[Message], Sampling]:
    """The conversation that asks the model, and how its reply is drawn.

    Args:
        question: in the language `spoken`.
        spoken: the language to answer in.
        evidence: the best sentences.
        text_of: the whole text of a document by its id.
        parameters: the model's size.
        reply_tokens: at most.
        alternatives: whether the engine can tell what else each token could have been.
    """
    size = "large" if parameters >= LARGE_FROM_PARAMETERS else "small"
    system = table()["system"][spoken][size].replace("{refusal}", table()["refusal"][spoken])
    material = "\n".join(windows(evidence, text_of))
    asked = question
    if (language(material) or spoken) != spoken:
        asked = table()["across"][spoken].replace("{question}", question)
    user = table()["material"][spoken].replace("{question}", asked).replace("{passages}", material)
    sampling = Sampling(
        temperature=0.0,
        repetition_penalty=1.0,
        max_tokens=reply_tokens,
        seed=0,
        alternatives=ALTERNATIVES if alternatives else 0,
    )
    return [Message("system", system), Message("user", user)], sampling


def windows(evidence: Sequence[Evidence], text_of: Callable[[str], str]) -> list[str]:
    """The best sentences, each with its neighbours in its passage, after the heading that they stand under."""
    parts: dict[tuple[str, int], tuple[str, list[Span]]] = {}
    for one in evidence[:READ_EVIDENCE]:
        text, passage = text_of(one.found.document), one.found.passage
        inside = [span.shifted(passage.start) for span in sentences.split(text[passage.start : passage.end])]
        place = next((index for index, span in enumerate(inside) if span.start >= one.span.start), 0)
        heading = " · ".join(passage.heading)
        _, spans = parts.setdefault((one.found.document, passage.start), (heading, []))
        spans.extend(inside[max(0, place - 1) : place + 2])
    written = []
    for (document, _), (heading, spans) in parts.items():
        texts = [" ".join(span.of(text_of(document)).split()) for span in sorted(set(spans))]
        kept = [text for text in texts if not is_order(text)]
        if kept:
            written.append(f"- {heading}: {' '.join(kept)}" if heading else f"- {' '.join(kept)}")
    return written


def is_refusal(text: str, spoken: Language) -> bool:
    """Whether the model says that it is not there, in its own words or in those that it was given."""
    first = re.split(r"(?<=[.!?。！？])\s*", text.strip(), maxsplit=1)[0]
    return first.strip(' .。"”') == table()["refusal"][spoken] or bool(REFUSALS.search(first))


def may_become_refusal(text: str, spoken: Language) -> bool:
    """Whether what has been written so far is too little to tell, or says that it is not there."""
    telling = TELLING_CHARS[spoken]
    return (len(text) < telling and not re.search(r"[.!?。！？]\s", text)) or is_refusal(text, spoken)


def refusal_probability(tokens: Sequence[Token], text: str, spoken: Language) -> float:
    """The model's own probability of saying that it is not there: that of the first token, or what it said.

    Args:
        tokens: of the reply, with their alternatives; none where the engine cannot tell.
        text: the reply.
        spoken: its language.
    """
    if not tokens or not tokens[0].choices:
        return REFUSED if is_refusal(text, spoken) else NOT_REFUSED
    word = table()["refusal"][spoken]
    begun = [choice for choice in tokens[0].choices if choice.text.strip() and word.startswith(choice.text.strip())]
    said = sum(math.exp(choice.logprob) for choice in begun)
    return max(said, REFUSED) if is_refusal(text, spoken) and not begun else said
