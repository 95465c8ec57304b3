"""Documents from a grammar: what a text is about is drawn once, how it is said is drawn at each place.

A grammar is a TOML file. `[tables]` holds rows of things that belong together (a problem, what it took, how it
ended); `[draw]` says which rows a document is about; `[rules]` lists ways of saying, with `{problem.end}` for a
column of the drawn row and `{opening}` for another rule. So names, pronouns and events agree through a document.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DocumentFacts = Mapping[str, Mapping[str, str]]

_SLOT = re.compile(r"\{([a-z_]+)(?:\.([a-z_]+))?\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeioAEIO]|u(?!ni|se))")
# After a question in quotation marks goes on who asked it, and after `, “` what was being said.
_SENTENCE = re.compile(r"(?:^|(?<=[.!?] )|(?<=\.” )|(?<=\n)|(?<=(?<!, )“))[a-z]")


@dataclass(frozen=True)
class Grammar:
    """Ways of saying things, and the things."""

    tables: Mapping[str, Sequence[Mapping[str, str]]]
    draw: Mapping[str, str]
    rules: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, path: Path) -> Grammar:
        """The grammar of a TOML file."""
        return cls(**tomllib.loads(path.read_text("utf-8")))

    def document(self, state: random.Random) -> str:
        """One text, from the rule `document`."""
        return Telling.of(self, state).tell("document")

    def facts(self, state: random.Random) -> DocumentFacts:
        """A row for each name in `draw`; two names of one table get different rows."""
        left = {table: state.sample(list(rows), len(rows)) for table, rows in self.tables.items()}
        return {name: left[table].pop() for name, table in self.draw.items()}


@dataclass
class Telling:
    """A document under way: what it is about, and what has been said, so that it is not said twice."""

    grammar: Grammar
    facts: DocumentFacts
    state: random.Random

    def __post_init__(self) -> None:
        self._left: dict[str, list[str]] = {}

    @classmethod
    def of(cls, grammar: Grammar, state: random.Random) -> Telling:
        """The beginning of a document, its facts drawn."""
        return cls(grammar, grammar.facts(state), state)

    def tell(self, rule: str) -> str:
        """One of the ways of saying, none twice before all were said."""
        left = self._left.get(rule)
        if not left:
            ways = self.grammar.rules[rule]
            left = self._left[rule] = self.state.sample(ways, len(ways))
        return _SLOT.sub(self._fill, left.pop())

    def _fill(self, slot: re.Match[str]) -> str:
        name, column = slot.groups()
        return self.facts[name][column] if column else self.tell(name)


def documents(path: Path, characters: int, seed: int) -> Iterator[str]:
    """Texts of the grammar at `path`, `characters` in all or a little more; the same for the same seed."""
    grammar, state, written = Grammar.read(path), random.Random(seed), 0
    while written < characters:
        text = polish(grammar.document(state))
        written += len(text)
        yield text


def polish(text: str) -> str:
    """Capitals where sentences begin, `an` before a vowel; Chinese stays as it is."""
    return capitals(_ARTICLE.sub(r"\1n ", text))


def capitals(text: str) -> str:
    """Capitals where sentences begin; as many characters as before."""
    return _SENTENCE.sub(lambda match: match[0].upper(), text)
