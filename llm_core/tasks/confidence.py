"""How sure it is that the documents hold the answer: from what was found, and from what a model made of it.

The weights are those of logistic regressions. `found` was fitted on 1,000 questions of cmrc2018, drcd, squad2 and nq,
each with its passage in the library and without it, and 220 that have none. `written` was fitted on the 60 questions
of evaluation/answers.toml; leaving one question out each time, it refuses 10% of the answerable ones and answers 17%
of the others (`python -m llm_core evaluate answers`). What a reader says is weighed beside `found` as fitted on 365
questions of the four sets' development contexts, with a reader of 3,585 updates; what comes of it on 160 others:
`python -m llm_core evaluate answers --plain --data FOLDER`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from llm_core.tasks.kinds import fits
from llm_core.tasks.retrieval import Evidence
from llm_core.text.language import language
from llm_core.text.numbers import numbers

ANSWER_FROM = 0.5
# Below it an answer is marked as unsure: 45% of the answers to unanswerable questions, of the 525 questions that the
# reader's weight was fitted and tried on, and 17% of the right ones.
SURE_FROM = 0.7
READ_BIAS, FOUND_WEIGHT, READ_WEIGHT = -0.5, 0.8, 0.2
READ_MAX = 5.0  # a logit is taken no surer than that
NOTHING_BELOW = 0.05  # not worth asking a language model
# What a passage in the question's own language that answers it holds of its words: taken where a passage in the other
# language can hold none.
WORDS_ACROSS, PASSAGE_WORDS_ACROSS = 0.8, 0.6
WILLING = 1.6  # the logit of a model's not refusing, on the average
REFUSAL_MIN = 1e-3  # the model's own probability is taken no surer than that


def found(question: str, evidence: Sequence[Evidence], read: float | None = None) -> float:
    """From the sentences that were found and from what the reader made of their passages, 0 to 1.

    Args:
        question: as it was asked.
        evidence: what was found.
        read: the reader's logit of its best words, 0 where they are just to be given; None where none was heard.
    """
    return _probability(_held(question, evidence, read)) if evidence else 0.0


def support(read: float, agrees: bool | None) -> float:
    """What a reader's logit says for an answer that was written: nothing good where it found something else.

    >>> support(4.0, True), support(4.0, False), support(-2.0, None)
    (4.0, -4.0, -2.0)
    """
    return -abs(read) if agrees is False else read


def written(question: str, evidence: Sequence[Evidence], answer: str, refusal: float | None, held: float) -> float:
    """Once a language model has written an answer, 0 to 1.

    Args:
        question: as it was asked.
        evidence: what the model read.
        answer: the model's.
        refusal: the model's own probability, at the first token, of saying that it is not there. None where that
            says nothing: of a model of half a billion parameters, which refuses half of what it could answer.
        held: `found`, with the `support` of a reader.
    """
    new = numbers(answer) - numbers(question)
    backed = any(new <= numbers(one.sentence) for one in evidence)
    willing = WILLING if refusal is None else _logit(1 - min(max(refusal, REFUSAL_MIN), 1 - REFUSAL_MIN))
    return _probability(-4.4 + 0.4 * willing + 0.8 * _logit(held) + 1.6 * fits(question, answer) + 2.0 * backed)


def _held(question: str, evidence: Sequence[Evidence], read: float | None) -> float:
    logit = _found(question, evidence)
    if read is None:
        return logit
    return READ_BIAS + FOUND_WEIGHT * logit + READ_WEIGHT * max(-READ_MAX, min(READ_MAX, read))


def _found(question: str, evidence: Sequence[Evidence]) -> float:
    nearest = max(evidence, key=lambda one: one.cosine)
    words = max(one.words for one in evidence)
    passage_words = max(one.found.words for one in evidence)
    if language(question) != language(nearest.sentence):
        words, passage_words = max(words, WORDS_ACROSS), max(passage_words, PASSAGE_WORDS_ACROSS)
    return (
        -6.0
        + 5.5 * nearest.cosine
        + 1.5 * words
        + 2.9 * max(one.found.cosine for one in evidence)
        + 1.6 * passage_words
        + 1.3 * fits(question, evidence[0].sentence)
    )


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _probability(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
