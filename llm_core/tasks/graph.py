"""A knowledge graph of a text: who and what is named, and how they relate, each edge tied to its sentences.

Mentions of the same are merged by rules that can be explained: the same letters, a name within a longer one of its
kind, an abbreviation in brackets. What does not fit surely stays apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal, TypeAlias

from llm_core.tasks.analysis import Name, Relation
from llm_core.text.sentences import split
from llm_core.text.spans import Span

Kind: TypeAlias = Literal["found", "written", "together"]
TOGETHER: Final = "together"
TOGETHER_NAMES_MAX: Final = 6  # of a sentence; who stands in a longer list has little to do with the others
DIGITS: Final = 4
_ARTICLE: Final = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE: Final = re.compile(r"['’]s$")
_SHORT_FORM: Final = re.compile(r"\s*[（(]\s*([A-Z][A-Za-z&.]{1,9}|[\u3400-\u9fff]{2,6})\s*[)）]")
_TITLES: Final = re.compile(r"^(?:mr|mrs|ms|dr|prof|sir|president|professor)\.?\s+", re.IGNORECASE)
_ADMINISTRATIVE: Final = "市省县区州"
_PERSON: Final = "person"


@dataclass(frozen=True, slots=True)
class Node:
    """Somebody or something, with every place where it is named."""

    id: str
    label: str  # the longest of its most frequent names
    type: str
    mentions: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """How one node relates to another, and the sentences that say so."""

    source: str
    target: str
    label: str
    kind: Kind  # "found" by the model of relations, "written" by a language model, or only named "together"
    score: float
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges over one text."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    text: str

    def to_json(self) -> dict[str, Any]:
        """The object that the command line, the API and the page's export give."""
        return {
            "nodes": [
                {"id": n.id, "label": n.label, "type": n.type, "mentions": [m.to_json() for m in n.mentions]}
                for n in self.nodes
            ],
            "edges": [
                {
                    "source": e.source,
                    "target": e.target,
                    "relation": e.label,
                    "kind": e.kind,
                    "score": round(e.score, DIGITS),
                    "sentences": [{"start": s.start, "end": s.end, "text": s.of(self.text)} for s in e.sentences],
                }
                for e in self.edges
            ],
        }


def graph(text: str, names: Sequence[Name], relations: Sequence[Relation], kind: Kind = "found") -> Graph:
    """The graph of a text.

    Args:
        text: what was analyzed.
        names: every mention, in the order of the text.
        relations: between mentions among `names`; the same between the same two nodes becomes one edge.
        kind: where the relations come from.
    """
    nodes = merged(text, names)
    owner = {name: node.id for node in nodes for name in node.mentions}
    edges = list(_related(relations, owner, kind))
    edges += _together(text, names, owner, {frozenset((edge.source, edge.target)) for edge in edges})
    return Graph(tuple(nodes), tuple(edges), text)


def merged(text: str, names: Sequence[Name]) -> list[Node]:
    """One node for all mentions of the same, the most mentioned first."""
    groups: dict[str, list[Name]] = {}
    for name in names:
        groups.setdefault(_key(name), []).append(name)
    parent = _shorter_forms(text, groups)
    members: defaultdict[str, list[Name]] = defaultdict(list)
    for key, mentions in groups.items():
        members[_root(parent, key)] += mentions
    ordered = sorted(members.values(), key=lambda some: (-len(some), some[0].start))
    return [_node(f"n{number}", sorted(some, key=lambda n: n.start)) for number, some in enumerate(ordered, 1)]


def _node(identity: str, mentions: Sequence[Name]) -> Node:
    labels, types = Counter(_shown(one.text) for one in mentions), Counter(one.type for one in mentions)
    often = max(labels.values())
    label = max((label for label, count in labels.items() if 2 * count >= often), key=len)
    return Node(identity, label, types.most_common(1)[0][0], tuple(mentions))


def _shown(text: str) -> str:
    return _POSSESSIVE.sub("", " ".join(text.split()))


def _key(name: Name) -> str:
    """What mentions of the same have in common."""
    plain = unicodedata.normalize("NFKC", _shown(name.text)).casefold()
    plain = _TITLES.sub("", _ARTICLE.sub("", plain))
    if len(plain) > 2 and plain[-1] in _ADMINISTRATIVE:  # 北京市 is 北京
        plain = plain[:-1]
    return plain or name.text


def _shorter_forms(text: str, groups: dict[str, list[Name]]) -> dict[str, str]:
    """From a shorter form to the one longer form that it can only mean."""
    parent: dict[str, str] = {}
    for key, mentions in groups.items():
        for one in mentions:
            if (
                (short := _SHORT_FORM.match(text, one.end))
                and (other := short[1].casefold()) in groups
                and other != key
            ):
                parent[other] = key
    kinds = {key: Counter(one.type for one in mentions).most_common(1)[0][0] for key, mentions in groups.items()}
    whole: defaultdict[str, set[str]] = defaultdict(set)  # from a first or a last name to the whole ones
    for key in groups:
        words = key.split()
        if kinds[key] == _PERSON and len(words) > 1:
            whole[words[0]].add(key)
            whole[words[-1]].add(key)
    for key in groups:
        if key not in parent and kinds[key] == _PERSON and len(whole.get(key, ())) == 1:
            (parent[key],) = whole[key]  # of two Smiths, Smith is neither surely
    return parent


def _root(parent: dict[str, str], key: str) -> str:
    seen = {key}
    while key in parent and parent[key] not in seen:
        key = parent[key]
        seen.add(key)
    return key


def _related(relations: Sequence[Relation], owner: dict[Name, str], kind: Kind) -> Iterator[Edge]:
    found: dict[tuple[str, str, str], list[Relation]] = {}
    for one in relations:
        ends = owner[one.head], owner[one.tail]
        if ends[0] != ends[1]:
            found.setdefault((*ends, one.label), []).append(one)
    for (source, target, label), some in found.items():
        sentences = tuple(dict.fromkeys(Span(one.start, one.end) for one in some))
        yield Edge(source, target, label, kind, max(one.score for one in some), sentences)


def _together(
    text: str, names: Sequence[Name], owner: dict[Name, str], related: set[frozenset[str]]
) -> Iterator[Edge]:
    """Pairs that are named in one sentence, where nothing more is known of them."""
    found: dict[tuple[str, str], list[Span]] = {}
    place = 0
    for sentence in split(text):
        while place < len(names) and names[place].start < sentence.start:
            place += 1
        inside = []
        while place < len(names) and names[place].end <= sentence.end:
            inside.append(owner[names[place]])
            place += 1
        here = list(dict.fromkeys(inside))
        if len(here) <= TOGETHER_NAMES_MAX:
            for pair in combinations(here, 2):
                if frozenset(pair) not in related:
                    found.setdefault((min(pair), max(pair)), []).append(sentence)
    for (source, target), sentences in found.items():
        yield Edge(source, target, TOGETHER, "together", min(1.0, len(sentences) / 10), tuple(sentences))
