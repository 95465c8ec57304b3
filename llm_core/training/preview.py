"""A look at the data before a run: what cleaning changes, how the tokenizer cuts, what the corpus is like.

Looks at the beginning of each source, so that the answer comes in seconds whatever the size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from llm_core.training.clean import Change, Row, preview
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import read_rows, read_source, write_corpus
from llm_core.training.lines import Limits
from llm_core.training.pieces import Piece, TokenizerReport, cut, tokenizer_report
from llm_core.training.report import Finding, findings
from llm_core.training.split import splits
from llm_core.training.tokenize import learn_tokenizer

CHARACTERS = 400_000
"""Of each source."""
_SENTENCE_CHARS = 200


@dataclass(frozen=True)
class DataPreview:
    """What a page shows before Start."""

    changes: list[Change]
    sentence: str
    pieces: list[Piece]
    tokenizer: TokenizerReport
    findings: list[Finding]
    whole: bool
    """Whether all of the text was looked at, and not only its beginning."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of examples: how many each label of each set has."""
    examples: list[tuple[str, str]] = field(default_factory=list)
    """Some of them: what is read, and what is to be said of it."""


def preview_data(
    config: TrainConfig, sentence: str = "", own_pieces: tuple[str, ...] = (), limits: Limits | None = None
) -> DataPreview:
    """Clean, split and cut the beginning of each source as a run of `config` would.

    Args:
        config: of the run.
        sentence: to be shown in its pieces; the beginning of the corpus where it is empty.
        own_pieces: as the family wants them.
        limits: on what is read.

    Raises:
        UserError: as `corpus.write_corpus` and `tokenize.learn_tokenizer` do.
    """
    beginning = beginning_of(config)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = write_corpus(beginning, folder, limits)
        changes = preview(raw_rows(beginning, folder, limits), config.cleaning)
        texts = [text for split in splits(config) for row in read_rows(folder / f"{split}.jsonl") for text in row]
    tokenizer = learn_tokenizer(config.tokenizer, texts, own_pieces)
    sentence = sentence or first_line(texts)
    return DataPreview(
        changes=changes,
        sentence=sentence,
        pieces=cut(tokenizer, sentence),
        tokenizer=tokenizer_report(tokenizer, texts),
        findings=findings(report),
        whole=all(each["characters"] < CHARACTERS for each in report["sources"]),
    )


def beginning_of(config: TrainConfig) -> TrainConfig:
    """The same run of the beginning of each source."""
    sources = (
        source.model_copy(update={"characters": min(source.characters or CHARACTERS, CHARACTERS)})
        for source in config.sources
    )
    return config.model_copy(update={"sources": tuple(sources)})


def first_line(texts: list[str]) -> str:
    """The beginning of the first text."""
    return texts[0].strip()[:_SENTENCE_CHARS].split("\n")[0]


def raw_rows(config: TrainConfig, folder: Path, limits: Limits | None = None) -> Iterator[Row]:
    """Rows as they come, of each source in turn, so that each is seen."""
    streams = [read_source(source, folder, limits) for source in config.sources]
    while streams:
        for stream in list(streams):
            if (row := next(stream, None)) is None:
                streams.remove(stream)
            else:
                yield row
