"""What of a look is to be drawn: which place, layer and head the visitor points at, and how the dials stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm_core.insight.sampling import Dials
from llm_core.messages import say

if TYPE_CHECKING:
    from llm_core.insight.look import Look
    from llm_core.insight.tree import Branch
    from llm_core.messages import Language


@dataclass(frozen=True)
class Spot:
    """What the visitor points at: one model of the two, and one place of the text; -1 is beyond its pieces."""

    side: int = 0
    place: int = -1


@dataclass(frozen=True)
class Aim:
    """How everything in the margin stands."""

    view: str
    kind: str = ""  # of attention; "" is the first there is
    layer: int = 0
    head: int = 0
    dials: Dials = field(default_factory=Dials)

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Aim:
        """From the values of `Screen.margin`, in its order; layers and heads are counted from one there."""
        view, kind, layer, head, temperature, top_k, top_p, min_p = values
        dials = Dials(float(temperature), int(top_k), float(top_p), float(min_p))
        return cls(str(view), kind or "", int(layer) - 1, int(head) - 1, dials)


@dataclass(frozen=True)
class Shown:
    """One model's part of the picture."""

    look: Look
    side: int
    place: int  # of the text; -1 is what follows it, or all of it
    aim: Aim
    language: Language
    tree: Branch | None = None

    @property
    def row(self) -> int:
        """The place among the tokens that were read, some of which may be marks."""
        pieces = len(self.look.sentence.pieces)
        last = max(self.look.begun + pieces - 1, 0)
        return last if self.place < 0 else min(self.place + self.look.begun, last)

    @property
    def piece(self) -> str:
        """What stands at that place; what lies beyond the text is seen from its last token."""
        own = self.pieces
        return own[min(self.place, len(own) - 1) if self.place >= 0 else -1] if own else ""

    @property
    def pieces(self) -> list[str]:
        """What each piece looks like: its characters, or by itself where it has none."""
        sentence = self.look.sentence
        return [piece.of(sentence.text) or sentence.words.get(piece.id, "") for piece in sentence.pieces]

    def named(self, pieces: list[str]) -> list[str]:
        """These with the marks around them by a plain name: one for each of the tokens that were read."""
        after = len(self.look.marked) - self.look.begun - len(pieces)
        begin, end = say(self.language, "inside.begin"), say(self.language, "inside.end")
        return [begin] * self.look.begun + pieces + [end] * after
