"""What code can check of a translated sentence. A doubt is shown, never hidden, and says what it is about.

Of 3,200 human translations in each direction (news, technical, general development sets) 3% are doubted, and of
technical ones into Chinese 17% for the words that their writers left in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llm_core.messages import Language
from llm_core.tasks import leftovers, negation
from llm_core.tasks.translation import Doubt
from llm_core.text import quantities
from llm_core.text.spans import Span
from llm_core.text.words import words

FAR_BELOW: Final = 0.36  # cosine to the source
_THRICE: Final = re.compile(r"(.{2,60}?)(?:[\s，,、。.；;]*\1){2,}", re.DOTALL)
_LETTER: Final = re.compile(r"[^\W\d_]")  # 000000 is no loop
_TWICE: Final = re.compile(r"(.{14,120}).{0,3}\1", re.DOTALL)
# Small letters before a capital, or a capital and figures: PyTorch, GPIO15. Nobody translates those, but LeBron.
_COINED: Final = re.compile(
    r"\b(?!(?:Le|De|La|Mc|Mac|Di|Du|Van|Fitz)[A-Z]|PhD)[A-Z]?[a-z]+[A-Z]\w*\b|\b[A-Z][A-Za-z]*-?\d\w*\b"
)
_LATIN_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+#-]*[A-Za-z0-9+#]|[A-Za-z]")
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_SENTENCE_WORDS_MIN: Final = 6  # shorter ones have every length
# Units of the target for each unit of the source: characters of Chinese, words of English.
_LENGTH: Final[dict[Language, tuple[float, float]]] = {"zh": (0.75, 3.0), "en": (0.32, 1.3)}


def doubts(
    source: str, target: str, to: Language, terms: Mapping[str, str], missed: Mapping[str, str]
) -> tuple[Doubt, ...]:
    """Everything that can be seen without a model.

    Args:
        source: the sentence, on one line.
        target: its translation.
        to: the language of the translation.
        terms: what the glossary asks for in this sentence.
        missed: those that the translation does not have.
    """
    if not target.strip():
        return (Doubt("empty"),)
    found = [*_script(source, target, to, terms), *_repeats(source, target)]
    found += [*_numbers(source, target), *_names(source, target, to)]
    if negation.lost(source, target, to):
        found.append(Doubt("negation"))
    if not any(doubt.kind == "repeat" for doubt in found) and _out_of_proportion(source, target, to):
        found.append(Doubt("length"))
    return (*found, *(Doubt("term", (term, wanted)) for term, wanted in missed.items()))


def far(cosine: float, source: str) -> Doubt | None:
    """A doubt where the encoder finds that the two say different things; very short ones it cannot judge."""
    return Doubt("meaning") if cosine < FAR_BELOW and _units(source) >= _SENTENCE_WORDS_MIN else None


def unlooped(source: str, target: str) -> tuple[str, str]:
    """A translation that fell into a loop with what it repeats said once, and what that is; "" where it did not.

    >>> unlooped("She came and sang.", "她来了，来了，来了，来了唱歌。")
    ('她来了唱歌。', '来了')
    """
    match = _THRICE.search(target)
    if not match or not _LETTER.search(match[1]) or _THRICE.search(source):
        return target, ""
    return target[: match.end(1)] + target[match.end() :], match[1].strip()


def _script(source: str, target: str, to: Language, terms: Mapping[str, str]) -> Iterator[Doubt]:
    spans = leftovers.leftovers(source, target, to, terms.values())
    if spans:
        yield Doubt("script", tuple(span.of(target) for span in spans), spans[0])


def _repeats(source: str, target: str) -> Iterator[Doubt]:
    """The same words again and again, where the source does not do so itself."""
    match = _THRICE.search(target)
    if match and re.search(r"\w", match[1]) and not _THRICE.search(source):
        yield Doubt("repeat", (match[1].strip()[:40],), Span(*match.span()))
        return
    match = _TWICE.search(target)
    # Chinese says in six characters what takes English twenty-four letters.
    if match and (len(_HAN.findall(match[1])) >= 6 or len(match[1]) >= 24) and not _TWICE.search(source):
        yield Doubt("repeat", (match[1].strip()[:40],), Span(*match.span()))


def _numbers(source: str, target: str) -> Iterator[Doubt]:
    lost = quantities.lost(source, target)
    added = quantities.added(source, target)
    if lost:
        place = added[0].span if added else None
        yield Doubt("number", tuple(one.written for one in lost), place)
    elif added:
        yield Doubt("added_number", tuple(one.written for one in added), added[0].span)


def _names(source: str, target: str, to: Language) -> Iterator[Doubt]:
    """What a translation must still have: Latin names in a Chinese sentence, and what is the same in every language.

    Whether a Chinese name stands for an English one cannot be seen without a list of names.
    """
    kept = [match.group() for match in leftovers.VERBATIM.finditer(source) if len(match.group()) > 3]
    lost = [one for one in kept if one.strip("`") not in target]
    if to == "en":
        written = {word.lower() for word in _LATIN_WORD.findall(target)}
        loose = re.sub(r"[^a-z0-9]", "", target.lower())
        bare = leftovers.VERBATIM.sub(" ", source)
        for word in dict.fromkeys(_LATIN_WORD.findall(bare)):
            plain = re.sub(r"[^a-z0-9]", "", word.lower())
            if len(word) > 1 and word.lower() not in written and plain not in loose:
                lost.append(word)
    else:
        lost += [word for word in _COINED.findall(source) if word.lower() not in target.lower()]
    if lost:
        yield Doubt("name", tuple(dict.fromkeys(lost))[:5])


def _out_of_proportion(source: str, target: str, to: Language) -> bool:
    length = _units(source)
    if length < _SENTENCE_WORDS_MIN:
        return _units(target) > 12 * max(1, length) + 12
    least, most = _LENGTH[to]
    return not least <= _units(target) / length <= most


def _units(text: str) -> int:
    """Characters of Chinese, words of the rest."""
    return len(_HAN.findall(text)) + sum(not _HAN.search(word) for word in words(text))
