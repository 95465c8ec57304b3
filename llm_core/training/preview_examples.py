"""A look at examples before a run: how they are read, how uneven their labels are, how the model cuts them.

The objective itself reads the beginning of each source, so that whatever it would say in the run is said here. Needs
torch, as the objectives do.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from llm_core.training.clean import Change, preview
from llm_core.training.config import TrainConfig
from llm_core.training.objectives import objective_of
from llm_core.training.pieces import cut, tokenizer_report
from llm_core.training.preview import CHARACTERS, DataPreview, beginning_of, first_line, raw_rows
from llm_core.training.report import Finding, findings, label_findings, source_findings
from llm_core.training.split import splits

_SHOWN = 8
_SHOWN_CHARS = 300
_FEW = 100
Counts = dict[str, dict[str, int]]
Shown = tuple[str, str]


def preview_examples(config: TrainConfig, sentence: str, runs: Path) -> DataPreview:
    """As `preview.preview_data`, of examples, or of text for a model that goes on learning with its own pieces.

    Args:
        config: of the run.
        sentence: to be shown in its pieces; the beginning of the first example where it is empty.
        runs: the folder of runs, one of which it may begin with.

    Raises:
        UserError: as the run would.
    """
    beginning = beginning_of(config)
    if config.objective == "preference":  # whose answers are written when the run begins
        beginning = beginning.model_copy(update={"objective": "chat"})
    with tempfile.TemporaryDirectory(prefix=".preview-", dir=runs) as name:
        folder = Path(name)
        (folder / "data").mkdir()
        report = objective_of(beginning, folder).prepare()
        rows = [row for split in splits(config) for row in _rows(folder / "data" / f"{split}.jsonl")]
        changes: list[Change] = []
        if "read" in report:  # it was cleaned
            changes = preview(raw_rows(beginning, folder), config.cleaning)
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
    texts = [text for row in rows for text in _texts(row)]
    counts = _counts(rows)
    sentence = sentence or first_line(texts)
    return DataPreview(
        changes=changes,
        sentence=sentence,
        pieces=cut(tokenizer, sentence),
        tokenizer=tokenizer_report(tokenizer, texts),
        findings=findings(report) if "read" in report else _findings(report, counts),
        whole=all(each["characters"] < CHARACTERS for each in report["sources"]),
        counts=counts,
        examples=[(text[:_SHOWN_CHARS], said[:_SHOWN_CHARS]) for text, said in islice(_examples(rows), _SHOWN)],
    )


def _rows(path: Path) -> Iterator[Any]:
    """What an objective wrote; its form is the objective's own."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _texts(row: Any) -> list[str]:
    """What is written in a row."""
    if isinstance(row, list):  # running text, a talk, or (texts, weight)
        return list(map(str, row[0] if isinstance(row[0], list) else row))
    if "context" in row:
        return [row["context"], *(question for question, _, _ in row["questions"])]
    return list(row["texts"]) if "texts" in row else [row["text"]]


def _counts(rows: list[Any]) -> Counts:
    """How many examples, or marked names, each label of each set has; the most frequent first."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if isinstance(row, dict) and "label" in row:
            found[row["label_set"]][row["label"]] += 1
        elif isinstance(row, dict) and "entities" in row:
            found[row["label_set"]].update(entity["type"] for entity in row["entities"])
    return {name: dict(labels.most_common()) for name, labels in found.items()}


def _examples(rows: list[Any]) -> Iterator[Shown]:
    """What is read, and what is to be said of it."""
    for row in rows:
        if isinstance(row, list):
            if isinstance(row[0], list):
                yield row[0][0], " · ".join(row[0][1:])
        elif "label" in row:
            yield " · ".join(row["texts"]), row["label"]
        elif "entities" in row:
            yield (
                row["text"],
                ", ".join(f"{row['text'][e['start'] : e['end']]}: {e['type']}" for e in row["entities"]),
            )
        else:
            asked = [(question, answers) for question, answers, _ in row["questions"]]
            for question, answers in asked[:2]:
                yield f"{row['context']}\n{question}", answers[0][0] if answers else "–"


def _findings(report: Mapping[str, Any], counts: Counts) -> list[Finding]:
    """What should be known of examples."""
    rows, held = report["train"]["rows"], sum(report[split]["rows"] for split in ("valid", "test") if split in report)
    found: list[Finding] = [("corpus.examples", {"rows": rows, "held": held})]
    if rows < _FEW:
        found.append(("corpus.examples_few", {}))
    for labels in counts.values():
        found += label_findings(labels)
    near = sum(report["dropped"].get(f"{how}in an evaluation set", 0) for how in ("", "nearly "))
    if near:
        found.append(("corpus.examples_repeated", {"rows": near}))
    return [*found, *source_findings(report)]
