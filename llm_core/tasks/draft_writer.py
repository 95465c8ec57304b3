"""Asks a small model that translates and does nothing else; what it writes is a draft.

It reads few tokens, so a longer sentence is cut at a comma and said to be translated in parts. It takes no orders: a
term of the glossary stands in its sentence in the language wanted, or, where that was lost, as a mark.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Generator as Generating
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from llm_core.engines.base import Search, Translated, Translator
from llm_core.events import Event
from llm_core.messages import Language
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.segments import Segment
from llm_core.tasks.sentence_writer import GROWTH, Draft, Way
from llm_core.tasks.translation import Doubt
from llm_core.tasks.translation_checks import unlooped
from llm_core.tasks.translation_prompts import cleaned
from llm_core.tasks.waiting import quietly, ticking
from llm_core.text.sentences import pieces
from llm_core.text.spans import Span

BEAMS: Final = 4
AGAIN_BEAMS, AGAIN_PENALTY, AGAIN_NGRAM = 6, 1.1, 4  # otherwise than before, where that was doubtful
DRAWN_TEMPERATURE: Final = 0.5  # a small model says anything at more
# Mean log-probability of a token: of 60 sentences, 29 of 32 wrong and 1 of 28 right ones lie below (docs/log.md).
SURE: Final = -0.70
FILLED: Final = 0.75  # of what it reads: a translation may have more tokens than its source
TOKENS_MORE: Final = 16
_ENDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {",": "，", "，": "，", ";": "；", "；": "；", "、": "、"},
    "en": {",": ",", "，": ",", ";": ";", "；": ";", "、": ","},
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One sentence as the model reads it."""

    parts: tuple[str, ...]
    marks: Mapping[str, str]  # what stands for terms in it, and their translations
    tokens: int  # of its longest part


class DraftWriter:
    """One translation's questions to the small model.

    Args:
        translator: the model.
        glossary: of the person, in this direction.
        to: the language of the translation.
    """

    def __init__(self, translator: Translator, glossary: Glossary, to: Language) -> None:
        self.glossary = glossary
        self.to = to
        self._translator = translator

    def write(self, work: Sequence[tuple[Segment, Way]]) -> Generating[Event, None, list[Draft]]:
        """Translations in the order of `work`; the model is opened with the first."""
        asked = yield from ticking(lambda: [self._asked(*each) for each in work], "opening")
        groups: dict[Way, list[int]] = defaultdict(list)
        for place, (_, way) in enumerate(work):
            groups[way].append(place)
        drafts: dict[int, Draft] = {}
        for way, places in groups.items():
            parts = [part for place in places for part in asked[place].parts]
            search = _search(way, max(asked[place].tokens for place in places))
            written = iter((yield from quietly(functools.partial(self._written, parts, search), "translating")))
            for place in places:
                made = [next(written) for _ in asked[place].parts]
                drafts[place] = self._draft(work[place][0], way, asked[place], made)
        return [drafts[place] for place in range(len(work))]

    def another_way(self, draft: Draft) -> Way | None:
        """Another search, which may find what the first one lost; None where it would find the same."""
        kinds = {doubt.kind for doubt in draft.doubts} - {"parts", "unsure"}
        if not kinds:
            return None
        return Way(draft.way.temperature, penalty=AGAIN_PENALTY, said="term" in kinds)

    def _asked(self, segment: Segment, way: Way) -> _Asked:
        text, marks = self.glossary.held(segment.text) if way.said else (self.glossary.said(segment.text), {})
        parts = self._parts(text)
        return _Asked(tuple(parts), marks, max(self._translator.count_tokens(parts), default=0))

    def _parts(self, text: str) -> list[str]:
        """The sentence, or as few pieces of it as fit; cut at a semicolon, else a comma, a blank, or anywhere."""
        room = round(self._translator.longest * FILLED)
        [tokens] = self._translator.count_tokens([text])
        if tokens <= room or len(text) < 2:
            return [text]
        longest = max(1, len(text) * room // tokens)
        found = [span.of(text) for span in pieces(text, Span(0, len(text)), longest)]
        return [part for piece in found for part in self._parts(piece)]

    def _written(self, parts: Sequence[str], search: Search) -> list[tuple[Translated, bool]]:
        """What the model writes for each part, and whether it came to no end."""
        found = self._translator.translate([f">>{self.to}<< {part}" for part in parts], search=search)
        counts = self._translator.count_tokens([one.text for one in found])
        most = min(search.max_tokens, self._translator.longest)
        return [(one, count >= most - 1) for one, count in zip(found, counts, strict=True)]

    def _draft(self, segment: Segment, way: Way, asked: _Asked, made: Sequence[tuple[Translated, bool]]) -> Draft:
        doubts = [Doubt("parts")] if len(made) > 1 else []
        texts = []
        for part, (written, endless) in zip(asked.parts, made, strict=True):
            text, repeated = unlooped(part, written.text)
            doubts += [Doubt("repeat", (repeated[:40],))] if repeated else []
            doubts += [Doubt("cut")] if endless and not repeated else []
            doubts += [Doubt("unsure")] if written.logprob < SURE else []
            texts.append(_continued(cleaned(text, part, self.to), part, self.to))
        target = (" " if self.to == "en" else "").join(texts)
        for mark, wanted in asked.marks.items():
            target = re.sub(rf"(?<![A-Za-z]){mark}(?!\d)", wanted.replace("\\", r"\\"), target)
        return Draft(segment, way, cleaned(target, segment.text, self.to), tuple(dict.fromkeys(doubts)))


def _search(way: Way, tokens: int) -> Search:
    again = way.penalty > 1
    return Search(
        beams=AGAIN_BEAMS if again else BEAMS,
        temperature=min(way.temperature, DRAWN_TEMPERATURE),
        repetition_penalty=way.penalty,
        no_repeat_ngram=AGAIN_NGRAM if again else 0,
        max_tokens=round(GROWTH * tokens + TOKENS_MORE),
    )


def _continued(target: str, part: str, to: Language) -> str:
    """With the comma of its part, where the model ended it as a sentence."""
    end = _ENDS[to].get(part[-1:], "")
    return target.rstrip(".。,，;；、") + end if end and target else target
