"""Sentences with known factors, in Chinese and English: who, how many, when, which mood, what is done to what, how.

A sentence is drawn as its factors, each alone and all values of one as likely, and then said by the grammar here. So
what there is to know of a sentence is known exactly (`bits`), and what a model wrote can be read back (`read`).
"""

from __future__ import annotations

import math
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["zh", "en"]
Word = Mapping[str, Any]

MOODS = ("statement", "denial", "question")
_ASKS = {"past": "did", "present": "do", "future": "will"}
_WORDS = Path(__file__).with_name("sentences.toml")


@dataclass(frozen=True)
class Factors:
    """What a sentence says, in English words. A pronoun has its person and number, a time its tense."""

    subject: str
    person: str
    number: str
    tense: str
    mood: str
    verb: str
    object: str
    amount: str
    adverb: str
    time: str


NAMES = tuple(field.name for field in fields(Factors))


def draw(state: random.Random) -> Factors:
    """The factors of one sentence."""
    subject, person, number = state.choice(list(_subjects()))
    verb, thing, amount, adverb, time = (
        state.choice(_words()[kind]) for kind in ("verbs", "objects", "amounts", "adverbs", "times")
    )
    mood = state.choice(MOODS)
    return Factors(
        subject, person, number, time["tense"], mood, verb["name"], thing["name"], amount["name"], adverb["name"],
        time["name"],
    )  # fmt: skip


def bits() -> float:
    """What a sentence tells: log2 of how many there are. No model can need less for each, on average."""
    kinds = ("verbs", "objects", "amounts", "adverbs", "times")
    return math.log2(math.prod(len(_words()[kind]) for kind in kinds) * len(_subjects()) * len(MOODS))


def say(factors: Factors, language: Language) -> str:
    """The sentence."""
    subject = _subjects()[factors.subject, factors.person, factors.number][language]
    verb, thing, amount, adverb, time = (
        _named(kind, name)[language]
        for kind, name in (
            ("verbs", factors.verb),
            ("objects", factors.object),
            ("amounts", factors.amount),
            ("adverbs", factors.adverb),
            ("times", factors.time),
        )
    )
    if language == "zh":
        done = _done_zh(factors, verb)
        end = "吗？" if factors.mood == "question" else "。"
        return f"{subject}{time}{done[0]}{adverb}{done[1]}{amount}{''.join(thing)}{end}"
    object_ = amount + thing[factors.amount != "one"]
    before, after = _done_en(factors, verb)
    said = f"{before} {subject} {after}" if factors.mood == "question" else f"{subject} {before} {after}"
    said = f"{' '.join(said.split())} {object_} {adverb} {time}"
    return f"{said[0].upper()}{said[1:]}{'?' if factors.mood == 'question' else '.'}"


def read(sentence: str, language: Language) -> Factors | None:
    """The factors of a sentence; None for one that the grammar does not say."""
    seen = glimpse(sentence, language)
    if len(seen) < len(NAMES):
        return None
    factors = Factors(**seen)
    agrees = _named("times", factors.time)["tense"] == factors.tense
    return factors if agrees and say(factors, language) == sentence else None


def glimpse(text: str, language: Language) -> dict[str, str]:
    """Those factors that show in a text, grammatical or not, by the words that carry them."""
    seen: dict[str, str] = {}
    for names, pattern, values in _signs(language):
        if found := pattern.search(text):
            seen |= dict(zip(names, values[found[0].lower()], strict=True))
    return seen


def rows(language: Language, characters: int, seed: int) -> Iterator[tuple[str, ...]]:
    """Sentences, none of them twice, `characters` in all or a little more, each with its factors behind it."""
    state, said, written = random.Random(seed), set[str](), 0
    while written < characters:
        factors = draw(state)
        sentence = say(factors, language)
        if sentence not in said:
            said.add(sentence)
            written += len(sentence)
            yield (sentence, *astuple(factors))


def pairs(characters: int, seed: int) -> Iterator[tuple[str, ...]]:
    """The same sentences in Chinese and in English, `characters` in all or a little more."""
    state, written = random.Random(seed), 0
    while written < characters:
        factors = draw(state)
        pair = say(factors, "zh"), say(factors, "en")
        written += sum(map(len, pair))
        yield pair


def _done_en(factors: Factors, verb: Sequence[str]) -> tuple[str, str]:
    """The auxiliary with `not`, and the verb: does not, draw."""
    base, third, past = verb
    is_third = (factors.person, factors.number) == ("third", "singular")
    if factors.mood == "statement" and factors.tense != "future":
        return "", past if factors.tense == "past" else third if is_third else base
    auxiliary = "does" if is_third and factors.tense == "present" else _ASKS[factors.tense]
    return auxiliary + (" not" if factors.mood == "denial" else ""), base


def _done_zh(factors: Factors, verb: str) -> tuple[str, str]:
    """What stands before the adverb, and the verb after it: 不会, 画."""
    denial = factors.mood == "denial"
    if factors.tense == "past":
        return ("没有", verb) if denial else ("", f"{verb}了")
    return ("不" if denial else "") + ("会" if factors.tense == "future" else ""), verb


@cache
def _words() -> Mapping[str, Sequence[Word]]:
    return tomllib.loads(_WORDS.read_text("utf-8"))


def _named(kind: str, name: str) -> Word:
    return next(word for word in _words()[kind] if word["name"] == name)


@cache
def _subjects() -> Mapping[tuple[str, str, str], Mapping[Language, str]]:
    """(subject, person, number) -> how it is said."""
    nouns = {
        (noun["name"], "third", number): {"en": noun["en"][i], "zh": noun["zh"][i]}
        for noun in _words()["nouns"]
        for i, number in enumerate(("singular", "plural"))
    }
    return nouns | {
        (pronoun["name"], pronoun["person"], pronoun["number"]): {"en": pronoun["en"], "zh": pronoun["zh"]}
        for pronoun in _words()["pronouns"]
    }


Sign = tuple[tuple[str, ...], re.Pattern[str], Mapping[str, tuple[str, ...]]]
"""Names of factors, where they show, and what each way of saying them means."""


@cache
def _signs(language: Language) -> tuple[Sign, ...]:
    words = _words()
    subjects = {said[language]: key for key, said in _subjects().items()}
    if language == "zh":
        verbs = {word["zh"]: (word["name"],) for word in words["verbs"]}
        objects = {word["zh"][1]: (word["name"],) for word in words["objects"]}
        amounts = {word["zh"]: (word["name"],) for word in words["amounts"]}
        tenses = {"了": ("past",), "没有": ("past",), "会": ("future",)}
        moods = {"吗": ("question",), "没有": ("denial",), "不": ("denial",)}
    else:
        verbs = {form: (word["name"],) for word in words["verbs"] for form in word["en"]}
        objects = {form.split()[-1]: (word["name"],) for word in words["objects"] for form in word["en"]}
        amounts = {"a": ("one",), "an": ("one",), "two": ("two",), "many": ("many",)}
        tenses = {"did": ("past",), "will": ("future",)}
        tenses |= {word["en"][2]: ("past",) for word in words["verbs"]}
        moods = {"?": ("question",), "not": ("denial",)}
    return (
        _sign(("subject", "person", "number"), subjects),
        _sign(("tense",), tenses | {"": ("present",)}),
        _sign(("mood",), moods | {"": ("statement",)}),
        _sign(("verb",), verbs),
        _sign(("object",), objects),
        _sign(("amount",), amounts),
        _sign(("adverb",), {word[language]: (word["name"],) for word in words["adverbs"]}),
        _sign(("time",), {word[language]: (word["name"],) for word in words["times"]}),
    )


def _sign(names: tuple[str, ...], values: Mapping[str, tuple[str, ...]]) -> Sign:
    """The empty way of saying is what holds where there is no other in the whole text."""
    ways = sorted(filter(None, values), key=len, reverse=True)
    spelled = "|".join(rf"\b{way}\b" if way.isascii() and way[0].isalpha() else re.escape(way) for way in ways)
    pattern = rf"{spelled}|(?<!.)(?!.*(?:{spelled}))" if "" in values else spelled
    return names, re.compile(pattern, re.IGNORECASE), {way.lower(): value for way, value in values.items()}
