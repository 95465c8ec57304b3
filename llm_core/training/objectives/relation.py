"""Relations: a text in which two places are marked, and how the one relates to the other."""

from __future__ import annotations

from collections.abc import Sequence

from llm_core.models.relations import NONE, marked
from llm_core.training import flat, label_scores
from llm_core.training.collect import Record
from llm_core.training.config import Source
from llm_core.training.labels import Example, as_label
from llm_core.training.objectives.label import Label
from llm_core.training.records import set_name


class Relation(Label):
    """An `Objective`: sources have `text`, `head` and `tail` (each `text` and `start`), and `relation`."""

    def columns(self, source: Source) -> tuple[str, ...]:
        """Those that a row must have."""
        return ("text", "head", "tail", "relation") if source.fields == ("text",) else source.fields

    def example(self, record: Record, source: Source, row: int) -> Example:
        """What a row says."""
        told, *ends, relation = (record[name] for name in self.columns(source))
        text, name = str(told), set_name(source)
        head, tail = (flat.place(end, text, source, row) for end in ends)
        return Example(marked(text, head, tail), as_label(relation), source.label_set or name, name)

    def figures(self, said: Sequence[str], right: Sequence[str]) -> dict[str, float]:
        """As for labels, and F1 without the class that says "none"."""
        return super().figures(said, right) | {"f1": label_scores.micro_f1(said, right, NONE)}
