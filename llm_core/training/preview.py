"""A look at the data before a run: what cleaning changes, how the tokenizer cuts, what the corpus is like.

Looks at the beginning of each source, so that the answer comes in seconds whatever the size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
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
    beginning = config.model_copy(
        update={
            "sources": tuple(
                source.model_copy(update={"characters": _least(source.characters)}) for source in config.sources
            )
        }
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = write_corpus(beginning, folder, limits)
        changes = preview(_raw_rows(beginning, folder, limits), config.cleaning)
        texts = [text for split in splits(config) for row in read_rows(folder / f"{split}.jsonl") for text in row]
    tokenizer = learn_tokenizer(config.tokenizer, texts, own_pieces)
    sentence = sentence or texts[0].strip()[:_SENTENCE_CHARS].split("\n")[0]
    return DataPreview(
        changes=changes,
        sentence=sentence,
        pieces=cut(tokenizer, sentence),
        tokenizer=tokenizer_report(tokenizer, texts),
        findings=findings(report),
        whole=all(each["characters"] < CHARACTERS for each in report["sources"]),
    )


def _least(characters: int | None) -> int:
    return min(characters or CHARACTERS, CHARACTERS)


def _raw_rows(config: TrainConfig, folder: Path, limits: Limits | None) -> Iterator[Row]:
    """Rows as they come, of each source in turn, so that each is seen."""
    streams = [read_source(source, folder, limits) for source in config.sources]
    while streams:
        for stream in list(streams):
            if (row := next(stream, None)) is None:
                streams.remove(stream)
            else:
                yield row
