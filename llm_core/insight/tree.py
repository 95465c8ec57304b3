"""Greedy and beam search as a tree: what was looked at, what was kept, and what came out.

At each step every kept beginning y_1 ... y_n is continued with its likeliest tokens, and of all continuations the
`width` with the greatest sum of ln P(y_i | y_1 ... y_{i-1}) are kept. Width 1 is greedy search.

Knows no model: it asks for what follows some tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could come next."""

    id: int
    text: str  # what it looks like by itself
    logprob: float  # ln P
    raw: bytes = b""  # what it writes, which may be a part of a character


After: TypeAlias = Callable[[Sequence[tuple[int, ...]]], Sequence[Sequence[Candidate]]]
"""For each row of tokens that were written, the likeliest next ones, the likeliest first."""


@dataclass(slots=True)
class Branch:
    """One token of the tree and what may follow it."""

    id: int
    text: str
    logprob: float
    total: float  # ln P of all tokens from the root to this one
    raw: bytes = b""
    kept: bool = False  # it was among the best of its step
    best: bool = False  # it is part of what came out
    ends: bool = False  # a mark that ends the text
    children: list[Branch] = field(default_factory=list)


def grow(
    after: After, *, width: int, depth: int, shown: int = 3, ends: frozenset[int] = frozenset()
) -> Generator[int, None, Branch]:
    """Search `depth` steps deep.

    Args:
        after: the model.
        width: beginnings that are kept at each step; 1 is greedy.
        depth: tokens to write at most.
        shown: of each beginning at least so many continuations stay in the tree, kept or not.
        ends: tokens after which nothing is written. As in transformers, an ended text stays among the kept ones.

    Yields:
        How many steps are done.

    Returns:
        The root, a branch without a token.
    """
    root = Branch(-1, "", 0.0, 0.0, kept=True, best=True)
    paths: list[tuple[Branch, ...]] = [(root,)]
    for step in range(depth):
        open_paths = [path for path in paths if not path[-1].ends]
        if not open_paths:
            break
        answers = after([tuple(branch.id for branch in path[1:]) for path in open_paths])
        for path, candidates in zip(open_paths, answers, strict=True):
            leaf = path[-1]
            leaf.children = [
                Branch(c.id, c.text, c.logprob, leaf.total + c.logprob, c.raw, ends=c.id in ends)
                for c in candidates[: max(width, shown)]
            ]
        grown = [(*path, child) for path in open_paths for child in path[-1].children]
        ended = [path for path in paths if path[-1].ends]
        paths = sorted([*grown, *ended], key=lambda path: -path[-1].total)[:width]
        for path in paths:
            path[-1].kept = True
        yield step + 1
    for branch in paths[0]:
        branch.best = True
    return root


def written(root: Branch) -> list[Branch]:
    """The branches of what came out, without the root."""
    found: list[Branch] = []
    at = root
    while following := next((child for child in at.children if child.best), None):
        found.append(following)
        at = following
    return found


def text_of(root: Branch) -> str:
    """What came out, as text, without the mark of its end."""
    return b"".join(branch.raw for branch in written(root) if not branch.ends).decode("utf-8", "replace")
