"""A knowledge graph in the formats of other programs: JSON, CSV and GraphML (http://graphml.graphdrawing.org)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from xml.etree import ElementTree

from llm_core.tasks.graph import Graph

# What XML 1.0 has no way to write.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEGINS_FORMULA: Final = tuple("=+-@\t\r")
_KEYS: Final = (
    ("label", "node", "string"),
    ("type", "node", "string"),
    ("mentions", "node", "int"),
    ("relation", "edge", "string"),
    ("kind", "edge", "string"),
    ("score", "edge", "double"),
    ("sentence", "edge", "string"),
)
COLUMNS: Final = (
    "source", "source_type", "relation", "target", "target_type", "kind", "score", "start", "end", "sentence",
)  # fmt: skip


def as_json(graph: Graph) -> str:
    """Everything, spans of characters too."""
    return json.dumps(graph.to_json(), ensure_ascii=False, indent=1) + "\n"


def as_csv(graph: Graph) -> str:
    """A row for each sentence of each edge; a node without edges has a row of its own.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    nodes = {node.id: node for node in graph.nodes}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    alone = dict(nodes)
    for edge in graph.edges:
        ends = nodes[edge.source], nodes[edge.target]
        alone.pop(edge.source, None)
        alone.pop(edge.target, None)
        for span in edge.sentences:
            row = (ends[0].label, ends[0].type, edge.label, ends[1].label, ends[1].type, edge.kind,
                   f"{edge.score:.4f}", span.start, span.end, span.of(graph.text))  # fmt: skip
            writer.writerow([cell(value) for value in row])
    for node in alone.values():
        writer.writerow([cell(node.label), cell(node.type), *[""] * (len(COLUMNS) - 2)])
    return out.getvalue()


def cell(value: object) -> object:
    """A value as it may stand in a table that a spreadsheet opens."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_FORMULA) else value


def as_graphml(graph: Graph) -> str:
    """For Gephi, yEd, Cytoscape, NetworkX."""
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for name, of, kind in _KEYS:
        ElementTree.SubElement(root, "key", {"id": name, "for": of, "attr.name": name, "attr.type": kind})
    drawn = ElementTree.SubElement(root, "graph", edgedefault="directed")
    for node in graph.nodes:
        made = ElementTree.SubElement(drawn, "node", id=node.id)
        _told(made, {"label": node.label, "type": node.type, "mentions": len(node.mentions)})
    for edge in graph.edges:
        made = ElementTree.SubElement(drawn, "edge", source=edge.source, target=edge.target)
        sentences = "\n".join(span.of(graph.text) for span in edge.sentences)
        _told(made, {"relation": edge.label, "kind": edge.kind, "score": round(edge.score, 4), "sentence": sentences})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _told(element: ElementTree.Element, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        ElementTree.SubElement(element, "data", key=name).text = _NO_XML.sub("\ufffd", str(value))


FORMATS: Final[Mapping[str, Callable[[Graph], str]]] = {"json": as_json, "csv": as_csv, "graphml": as_graphml}
