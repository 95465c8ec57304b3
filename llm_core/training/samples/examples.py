"""Examples with answers, from the same grammars: labels, marked names, relations, questions on passages, talks.

A rule of the grammar is a label. `[person:Anna]` marks what is named in a text, and is taken out of it again;
`question | answer` stands in one line, so that both are about the same facts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from llm_core.training.samples.grammar import Grammar, Telling, capitals, polish

Mark = tuple[str, int, int]
"""What is named, and the characters [start, end) where."""

_MARK = re.compile(r"\[([a-z]+):([^\]]*)\]")
_TURNS_MAX = 3


def labelled(files: Sequence[Path], labels: Sequence[str], count: int, seed: int) -> Iterator[tuple[str, str]]:
    """(text, label), so many of each label and file as fit into `count`, no text twice."""
    for text, _, label in _told(files, labels, count, seed):
        yield text, label


def tagged(files: Sequence[Path], count: int, seed: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(text, entities), each with `start`, `end` and `type`."""
    for text, marks, _ in _told(files, ("document",), count, seed):
        yield text, [{"start": start, "end": end, "type": kind} for kind, start, end in marks]


def related(
    files: Sequence[Path], relations: Sequence[str], count: int, seed: int
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], str]]:
    """(text, head, tail, relation); head and tail have `text` and `start`."""
    for text, marks, relation in _told(files, relations, count, seed):
        places = {kind: {"text": text[start:end], "start": start} for kind, start, end in marks}
        yield text, places["head"], places["tail"], relation


def read(files: Sequence[Path], subjects: Sequence[str], count: int, seed: int) -> Iterator[tuple[str, Any]]:
    """(context, qas); a question that the passage leaves open has no answer."""
    for grammar, subject, state in _drawn(files, subjects, count, seed):
        telling = Telling.of(grammar, state)
        context = polish(telling.tell(subject))
        asked = [telling.tell(f"{subject}_asked") for _ in grammar.rules[f"{subject}_asked"]]
        yield context, [_question(context, *line.split(" | ")) for line in asked]


def talks(files: Sequence[Path], count: int, seed: int) -> Iterator[tuple[list[dict[str, str]]]]:
    """(messages,) of one to three turns."""
    said: set[str] = set()
    for grammar, rule, state in _drawn(files, ("talk",), count, seed):
        telling = Telling.of(grammar, state)
        turns = [polish(telling.tell(rule)).split(" | ") for _ in range(state.randint(1, _TURNS_MAX))]
        if (key := repr(turns)) not in said:
            said.add(key)
            sides = [pair for turn in turns for pair in zip(("user", "assistant"), turn, strict=True)]
            yield ([{"role": role, "content": polish(content)} for role, content in sides],)


def _question(context: str, question: str, answer: str) -> dict[str, Any]:
    start = context.lower().find(answer.lower())
    text = context[start : start + len(answer)]
    answers = [{"text": text, "start": start}] if start >= 0 else []
    return {"question": polish(question), "answers": answers, "answerable": start >= 0}


def _told(
    files: Sequence[Path], rules: Sequence[str], count: int, seed: int
) -> Iterator[tuple[str, list[Mark], str]]:
    """(text, marks, rule), no text twice."""
    said: set[str] = set()
    for grammar, rule, state in _drawn(files, rules, count, seed):
        text, marks = _unmarked(polish(Telling.of(grammar, state).tell(rule)))
        if text not in said:
            said.add(text)
            yield text, marks, rule


def _drawn(
    files: Sequence[Path], rules: Sequence[str], count: int, seed: int
) -> Iterator[tuple[Grammar, str, random.Random]]:
    """So many times a grammar and a rule, in turn, and the random state."""
    grammars, state = [Grammar.read(file) for file in files], random.Random(seed)
    for number in range(count):
        yield grammars[number % len(grammars)], rules[number // len(grammars) % len(rules)], state


def _unmarked(text: str) -> tuple[str, list[Mark]]:
    """The text without its marks, and where they were."""
    parts: list[str] = []
    marks: list[Mark] = []
    at = last = 0
    for mark in _MARK.finditer(text):
        before = text[last : mark.start()]
        parts += [before, mark[2]]
        at += len(before)
        marks.append((mark[1], at, at + len(mark[2])))
        at, last = at + len(mark[2]), mark.end()
    return capitals("".join([*parts, text[last:]])), marks
