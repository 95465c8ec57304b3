"""The part of a run's configuration that says which text is learned from, how it is cleaned, and how it is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_PIECES_LEAST = {"byte-bpe": 257, "char": 320, "word": 320}


class Part(BaseModel):
    """One table of a recipe: fixed once it is read, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """One source of text, how much of it to take, and on whose terms: a path, a sample or a dataset of the Hub."""

    path: Path = Path()
    """A file (txt, md, jsonl, csv, tsv, pdf, docx, html, zip, xz), or a folder of them."""
    sample: str | None = None
    """A corpus that ships with the project: a name of training.samples."""
    dataset: str | None = Field(default=None, pattern=r"^\w[\w.-]{0,95}/\w[\w.-]{0,95}$")
    """A dataset of the Hub, owner/name: its text, JSON lines and csv files."""
    fields: tuple[str, ...] = ("text",)
    """Columns of a JSON line: one for running text, two for a sentence pair."""
    where: dict[str, tuple[str, ...]] = {}
    """Keep a row only if each named column begins with one of these strings."""
    use: Literal["split", "train", "valid"] = "split"
    """"split" gives a seeded part of it to validation; "train" and "valid" all of it to one side."""
    weight: float = Field(default=1.0, gt=0)
    """Fine-tuning only: how often an epoch passes over it; 0.5 takes a half anew each time."""
    label_set: str | None = None
    """Fine-tuning only: labels of sources with the same label set are one set; None is the file's own."""
    characters: int | None = Field(default=None, gt=0)
    """Stop after this many characters; files are expected to be shuffled."""
    origin: str = ""
    """Where it comes from; a sample and a dataset say so themselves."""
    licence: str = ""
    written_by_model: str | None = None
    """The model that wrote this text, where people did not."""

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.sample or self.dataset or self.path.name

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.path != Path()) + (self.sample is not None) + (self.dataset is not None) != 1:
            raise ValueError("a source is one of path, sample and dataset")
        return self


class Cleaning(Part):
    """What is done to a text before it is learned from, in this order, and which are fit; lengths in characters."""

    noise: bool = False
    """Remove markup and addresses of pages."""
    normalise: bool = True
    """Unicode's composed form, single blanks, no control characters."""
    simplify: bool = False
    """Write traditional Chinese in simplified characters."""
    personal: bool = False
    """Put placeholders for phone, identity and card numbers, e-mail and network addresses."""
    repeated_lines: bool = False
    """Remove lines that came before, as menus and footers do."""
    near_duplicates: bool = False
    """Drop texts and long lines that are nearly the same as earlier ones."""
    stop_words: bool = False
    """Remove words that say little; not for a model that is to write."""
    own_stop_words: tuple[str, ...] = ()
    """Removed with the others."""
    segment: bool = False
    """Put blanks between the words of Chinese."""
    min_characters: int = 1
    max_characters: int = 1_000_000
    max_length_ratio: float | None = None
    """Pairs only: drop a pair whose English is this many times longer, or shorter, than usual
    for its Chinese."""
    deduplicate: bool = True


class Unanswerable(Part):
    """Reading only: how many questions without an answer an epoch has, by kind, for one that has one.

    Never more than there are; `training/reading.py` says what the kinds are.
    """

    own: float = Field(default=1.0, ge=0)
    swapped: float = Field(default=0.2, ge=0)
    other_document: float = Field(default=0.2, ge=0)
    other_passage: float = Field(default=0.2, ge=0)
    elsewhere: float = Field(default=0.3, ge=0, le=1)
    """How often a window of a long passage is read that does not hold the answer."""


class Tokenizing(Part):
    """How text is cut into pieces."""

    kind: Literal["byte-bpe", "unigram", "bpe", "char", "word"]
    vocabulary: int = Field(gt=8, le=65_536)
    """Pieces; a text too small for so many gives fewer."""
    sample_characters: int = 20_000_000
    """The tokenizer is learned on this much of the training text."""

    @model_validator(mode="after")
    def _room_for_bytes(self) -> Tokenizing:
        least = _PIECES_LEAST.get(self.kind, 0)
        if self.vocabulary < least:
            raise ValueError(f"{self.kind} has 256 bytes to begin with: take a vocabulary of {least} or more")
        return self
