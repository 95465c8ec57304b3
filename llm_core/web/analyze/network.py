"""A knowledge graph for static/graph.js: what is drawn, in which words, and what stands around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from llm_core.messages import Language, say
from llm_core.tasks.graph import Edge, Graph
from llm_core.web.analyze import pieces

NODES_MAX: Final = 80  # drawn; more are a ball of wool
SENTENCES_MAX: Final = 5  # of an edge
SENTENCE_CHARS_MAX: Final = 400
WORDS: Final = ("all", "only", "together", "in", "out", "fit", "kinds", "go", "list")


def drawing(graph: Graph, language: Language) -> dict[str, Any]:
    """The nodes that are named most, the edges between them, and the words around them."""
    related = {end for edge in graph.edges for end in (edge.source, edge.target)}
    nodes = [node for node in graph.nodes if node.id in related][:NODES_MAX]
    here = {node.id for node in nodes}
    edges = [edge for edge in graph.edges if edge.source in here and edge.target in here]
    return {
        "nodes": [
            {
                "id": node.id,
                "label": node.label,
                "kind": pieces.kind_of(node.type),
                "word": pieces.kind_word(node.type, language),
                "named": say(language, "analyze.net_named", n=len(node.mentions)),
            }
            for node in nodes
        ],
        "edges": [_edge(graph, edge, language) for edge in edges],
        "kinds": {kind: say(language, f"analyze.kind_{kind}") for kind in pieces.KINDS},
        "words": {word: say(language, f"analyze.net_{word}") for word in WORDS},
        "how": say(language, "analyze.graph_how"),
        "name": say(language, "analyze.graph"),
    }


def _edge(graph: Graph, edge: Edge, language: Language) -> dict[str, Any]:
    said = [
        {"at": span.start, "text": " ".join(span.of(graph.text).split())[:SENTENCE_CHARS_MAX]}
        for span in edge.sentences[:SENTENCES_MAX]
    ]
    # What the language model wrote is in the language of the text, and stays so.
    label = edge.label if edge.kind == "written" else pieces.label_word(edge.label, language, "relations")
    told = {"label": label, "kind": edge.kind, "score": round(edge.score, 2), "said": said}
    return {"source": edge.source, "target": edge.target, **told}


def html(graph: Graph, language: Language, *, below: str = "") -> str:
    """The graph with its heading and what can be done with it; `below` is HTML."""
    heading = f'<h3 class="heading">{say(language, "analyze.graph")}</h3>'
    if not graph.edges:
        none = f'<p class="why">{say(language, "analyze.graph_empty")}</p>'
        return f'<section class="graph">{heading}{none}{below}</section>'
    spec = escape(json.dumps(drawing(graph, language), ensure_ascii=False))
    more = ""
    if len(graph.nodes) > NODES_MAX:
        more = f'<p class="why">{say(language, "analyze.graph_more", n=NODES_MAX, all=len(graph.nodes))}</p>'
    links = "".join(
        f'<button class="quiet" data-do="export" data-id="{form}">{name}</button>' for form, name in FORMS.items()
    )
    exports = f'<p class="exports"><span>{say(language, "analyze.export")}</span>{links}</p>'
    return f'<section class="graph">{heading}<wb-graph spec="{spec}"></wb-graph>{more}{exports}{below}</section>'


FORMS: Final[Mapping[str, str]] = {"json": "JSON", "csv": "CSV", "graphml": "GraphML"}
