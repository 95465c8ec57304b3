"""What of a look is to be drawn: which place, layer and head the visitor points at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_core.insight.look import Look
    from llm_core.insight.tree import Branch
    from llm_core.messages import Language


@dataclass(frozen=True)
class Aim:
    """Where the dials of the margin stand."""

    view: str
    kind: str = ""  # of attention; "" is the first there is
    layer: int = 0
    head: int = 0


@dataclass(frozen=True)
class Shown:
    """One model's part of the picture."""

    look: Look
    side: int
    place: int  # of the text; -1 is what follows it
    aim: Aim
    language: Language
    tree: Branch | None = None

    @property
    def row(self) -> int:
        """The place among the tokens that were read, whose first may be a mark."""
        last = len(self.look.marked) - 1
        offset = len(self.look.marked) - len(self.look.reading.pieces)
        return last if self.place < 0 else min(self.place + offset, last)

    @property
    def piece(self) -> str:
        """What stands at that place; what follows the text is seen from its last token."""
        pieces = self.look.reading.pieces
        if not pieces:
            return ""
        place = min(self.place, len(pieces) - 1) if self.place >= 0 else len(pieces) - 1
        return pieces[place].of(self.look.reading.text) or self.look.reading.words.get(pieces[place].id, "")
