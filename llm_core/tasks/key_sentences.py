"""Key sentences: the sentences of a text that carry most of it, none saying what another said. No model, instant."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.tasks.sections import Section, Sentence
from llm_core.text.salience import read, salience
from llm_core.text.spans import Span
from llm_core.text.words import terms

REPEATS: Final = 6.0  # taken from the score of a sentence of which everything has been said
TITLED: Final = 3.0  # for a sentence that holds all words of the heading above it (Edmundson 1969)
TERMS_MIN: Final = 5  # a sentence about fewer things says nothing by itself
COUNT_MAX: Final = 20  # where the person names no number


@dataclass(frozen=True, slots=True)
class Key:
    """A key sentence: where it stands and in which section, counted from 0."""

    span: Span
    section: int


@dataclass(slots=True)
class _Candidate:
    sentence: Sentence
    section: int
    score: float
    terms: dict[str, float]

    @property
    def end(self) -> int:
        return self.sentence.span.end


def usual_count(sentences: int, sections: int) -> int:
    """How many key sentences suit a text: fewer of a longer one, and one a section."""
    return max(1, min(sentences, max(round(1.2 * math.sqrt(sentences)), sections), max(COUNT_MAX, sections)))


def key_sentences(text: str, sections: Sequence[Section], count: int) -> list[Key]:
    """The `count` sentences that say most of the text, in its order; every section has one where `count` allows it.

    Time grows as n log n with the number of sentences: no two of them are compared.

    Args:
        text: what the spans of `sections` count in.
        sections: see sections.py.
        count: at least 1; all sentences where there are fewer.
    """
    candidates, scraps = _candidates(text, sections)
    chosen = _Chosen(text)
    by_section: dict[int, list[_Candidate]] = {}
    for candidate in candidates:
        by_section.setdefault(candidate.section, []).append(candidate)
    if count >= len(by_section):
        for of_section in by_section.values():
            chosen.take(of_section, 1)
        chosen.take(candidates, count - len(chosen.taken))
    else:
        chosen.take([max(of_section, key=lambda c: c.score) for of_section in by_section.values()], count)
    chosen.take(scraps, count - len(chosen.taken))
    return sorted((Key(c.sentence.span, c.section) for c in chosen.taken), key=lambda key: key.span)


def _candidates(text: str, sections: Sequence[Section]) -> tuple[list[_Candidate], list[_Candidate]]:
    """All sentences with their scores, and, apart, asides and scraps of sections that have something else."""
    contents = [[read(sentence.span.of(text)) for sentence in section.sentences] for section in sections]
    whole = iter(salience([sentence for section in contents for sentence in section]))
    found: list[_Candidate] = []
    scraps: list[_Candidate] = []
    for index, section in enumerate(sections):
        local = salience(contents[index], opening=index == 0)
        title = set(terms(section.heading))
        scored = [
            _Candidate(sentence, index, (one.score + all_.score) / 2 + _titled(all_.terms, title), dict(all_.terms))
            for sentence, one, all_ in zip(section.sentences, local, whole, strict=False)
        ]
        full = [c for c in scored if _is_full(c, text)]
        found.extend(full or scored)
        if full:
            scraps.extend(c for c in scored if not _is_full(c, text))
    return found, scraps


def _is_full(candidate: _Candidate, text: str) -> bool:
    """Whether a sentence can stand for its section: it says something by itself, and is no aside or salutation."""
    return len(candidate.terms) >= TERMS_MIN and not candidate.sentence.aside and text[candidate.end - 1] not in ":："


def _titled(held: Mapping[str, float], title: set[str]) -> float:
    return TITLED * sum(term in held for term in title) / len(title) if title else 0.0


class _Chosen:
    """What has been taken, and the terms that it covers."""

    def __init__(self, text: str) -> None:
        self.taken: list[_Candidate] = []
        self._text = text
        self._said: set[str] = set()
        self._covered: set[str] = set()

    def take(self, candidates: Sequence[_Candidate], count: int) -> None:
        """Take the best `count` of `candidates` that are not taken yet.

        A score only falls as more is said, so that a stale one at the top of the heap is weighed anew and put back.
        """
        heap = [(-c.score, c.sentence.span.start, i) for i, c in enumerate(candidates)]
        heapq.heapify(heap)
        wanted = len(self.taken) + count
        while heap and len(self.taken) < wanted:
            stale, start, index = heapq.heappop(heap)
            candidate = candidates[index]
            words = candidate.sentence.span.of(self._text)
            if words in self._said:
                continue
            now = -(candidate.score - REPEATS * self._share(candidate))
            if now > stale and heap and now > heap[0][0]:
                heapq.heappush(heap, (now, start, index))
                continue
            self.taken.append(candidate)
            self._said.add(words)
            self._covered.update(candidate.terms)

    def _share(self, candidate: _Candidate) -> float:
        """How much of the sentence, by the weight of its terms, has been said."""
        total = sum(candidate.terms.values())
        return sum(w for term, w in candidate.terms.items() if term in self._covered) / total if total else 0.0


def covered(keys: Sequence[Key]) -> int:
    """In how many sections the key sentences stand."""
    return len({key.section for key in keys})
