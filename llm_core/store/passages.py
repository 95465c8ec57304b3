"""Where passages are kept and searched: the contract. A store knows places and vectors, no model and no question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is found as a whole."""

    text: str  # what is searched: its heading, if any, and the characters `start` to `end` of the document
    start: int
    end: int
    heading: tuple[str, ...] = ()  # outermost first
    page: int | None = None  # counted from 1


class Hit(NamedTuple):
    """A passage that was found: number `number` of the document with the id `document`."""

    document: str
    number: int
    score: float


class Passages(Protocol):
    """The passages of one library. Safe from several threads; what was added survives a restart."""

    def add(self, document: str, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        """Keep the passages of a document, in place of those that it had.

        Args:
            document: its id, fit for a file's name.
            passages: in order.
            vectors: array [len(passages), dimensions] of length 1 each.

        Raises:
            UserError: `disk_full`.
        """
        ...

    def delete(self, document: str) -> None:
        """Forget the document's passages, on the disk too; nothing happens where there are none."""
        ...

    def documents(self) -> dict[str, int]:
        """The ids of all documents that are whole here, each with the number of its passages."""
        ...

    def get(self, document: str, number: int) -> Passage:
        """One passage.

        Raises:
            KeyError: there is no such passage.
        """
        ...

    def by_words(self, text: str, limit: int) -> list[Hit]:
        """The passages that share words with `text`, the best first.

        The score is BM25 as a share of what a passage could reach that had every word of `text`: 0 to 1. So it means
        the same for a short question and for a long one.
        """
        ...

    def by_vector(self, vector: NDArray[np.float32], limit: int) -> list[Hit]:
        """The passages nearest to `vector`, the nearest first; the score is the cosine."""
        ...

    def count(self) -> int:
        """How many passages there are."""
        ...

    def close(self) -> None:
        """Let go of files and memory."""
        ...
