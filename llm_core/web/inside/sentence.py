"""A text as its pieces, each a button: tinted by how surprising it was, or underlined by how much it is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from llm_core.insight.reading import Reading
from llm_core.messages import Language, say
from llm_core.text.language import language as language_of
from llm_core.web.frame import escape

TAGS = {"zh": "zh-CN", "en": "en"}
DARKEST_BITS = 16.0


def surprises(reading: Reading, side: int, chosen: int, language: Language) -> str:
    """Darker where the model was more surprised, with the bits below."""
    shares = [min(float(bits) / DARKEST_BITS, 1.0) for bits in reading.bits]
    below = [f"{bits:.1f}" for bits in reading.bits]
    return pieces(reading, side, chosen, language, tints=shares, below=below)


def pieces(
    reading: Reading,
    side: int,
    chosen: int,
    language: Language,
    *,
    tints: Sequence[float] | None = None,
    below: Sequence[str] | None = None,
    looked_at: Sequence[float] | None = None,
) -> str:
    """All pieces in a row, and after them the place where the text would go on.

    Args:
        reading: the text.
        side: which of the models it is, for the event.
        chosen: the place that the visitor points at; -1 for what follows.
        language: of the page.
        tints: 0 to 1 for each piece.
        below: a figure under each piece.
        looked_at: 0 to 1 for each piece: a line under it.
    """
    shown, at = [], 0
    for place, piece in enumerate(reading.pieces):
        shown.append(escape(reading.text[at : piece.start]))  # blanks that a tokenizer passes over
        at = max(at, piece.end)
        own = piece.of(reading.text)
        style = f"--s:{tints[place]:.3f};" if tints else ""
        style += f"--u:{looked_at[place]:.3f}" if looked_at else ""
        label = below[place] if below else ""
        shown.append(
            f'<button class="piece" data-do="place" data-id="{side}:{place}" aria-pressed="{_bool(place == chosen)}"'
            f' style="{style}" title="{escape(_title(reading, place, language))}"><span>{visible(own)}</span>'
            f"{f'<small>{label}</small>' if label else ''}</button>"
        )
    end = say(language, "inside.next")
    shown.append(
        f'<button class="piece next" data-do="place" data-id="{side}:-1" aria-pressed="{_bool(chosen == -1)}">'
        f"<span>{end}</span>{'<small>&nbsp;</small>' if below else ''}</button>"
    )
    tag = TAGS.get(language_of(reading.text) or "")
    return f'<p class="pieces"{f" lang={tag}" if tag else ""}>{"".join(shown)}</p>'


def visible(text: str) -> str:
    """A piece as it can be seen: what has no characters of its own, and breaks, get a sign."""
    if text and not text.strip(" "):
        return "␣" * len(text)
    return escape(text.replace("\n", "↵").replace("\t", "⇥")) or "<i>·</i>"


def quoted(text: str) -> str:
    """A piece as a sentence about it can quote it: without blanks around it, unless it is one."""
    return visible(text.strip(" ") or text)


def _title(reading: Reading, place: int, language: Language) -> str:
    piece = reading.pieces[place]
    name = reading.words.get(piece.id, "")
    if not piece.of(reading.text):
        name = f"{name}: {say(language, 'inside.part_of_character')}"
    return f"{name} #{piece.id}"


def _bool(value: bool) -> str:
    return "true" if value else "false"
