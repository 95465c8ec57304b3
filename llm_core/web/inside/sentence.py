"""A text as its pieces, each a button: tinted by how surprising it was, or underlined by how much it is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from llm_core.insight.reading import Reading, Sentence
from llm_core.messages import Language, say
from llm_core.text.language import language as language_of
from llm_core.web.frame import escape
from llm_core.web.inside.shown import Shown

TAGS = {"zh": "zh-CN", "en": "en"}
DARKEST_BITS = 16.0


def surprises(shown: Shown, reading: Reading) -> str:
    """Darker where the model was more surprised, with the bits below."""
    shares = [min(float(bits) / DARKEST_BITS, 1.0) for bits in reading.bits]
    asked = [piece.id != reading.blank for piece in reading.pieces]
    below = [f"{bits:.1f}" if known else "?" for bits, known in zip(reading.bits, asked, strict=True)]
    return pieces(shown, tints=shares, below=below)


def pieces(
    shown: Shown,
    *,
    tints: Sequence[float] | None = None,
    below: Sequence[str] | None = None,
    looked_at: Sequence[float] | None = None,
    pressed: bool = True,
) -> str:
    """All pieces in a row, and after them, where there is such, the place beyond them.

    Args:
        shown: whose text, and which place is chosen.
        tints: -1 to 1 for each piece; what is below 0 has another colour.
        below: a figure under each piece.
        looked_at: 0 to 1 for each piece: a line under it.
        pressed: whether it is seen which one is chosen.
    """
    sentence, chosen = shown.look.sentence, shown.place if pressed else None
    made, at = [], 0
    for place, piece in enumerate(sentence.pieces):
        made.append(escape(sentence.text[at : piece.start]))  # blanks that a tokenizer passes over
        at = max(at, piece.end)
        tint = tints[place] if tints is not None else 0.0
        style = f"--s:{abs(tint):.3f};" if tints is not None else ""
        style += f"--u:{looked_at[place]:.3f}" if looked_at is not None else ""
        label = f"<small>{below[place]}</small>" if below is not None else ""
        title = escape(_title(sentence, place, shown.language))
        made.append(
            f'<button class="piece{" against" if tint < 0 else ""}" data-do="place" data-id="{shown.side}:{place}"'
            f' aria-pressed="{_bool(place == chosen)}" style="{style}" title="{title}">'
            f"<span>{visible(piece.of(sentence.text))}</span>{label}</button>"
        )
    made.append(_beyond(shown, chosen, figures=below is not None))
    tag = TAGS.get(language_of(sentence.text) or "")
    return f'<p class="pieces"{f" lang={tag}" if tag else ""}>{"".join(made)}</p>'


def visible(text: str) -> str:
    """A piece as it can be seen: what has no characters of its own, and breaks, get a sign."""
    if text and not text.strip(" "):
        return "␣" * len(text)
    return escape(text.replace("\n", "↵").replace("\t", "⇥")) or "<i>·</i>"


def quoted(text: str) -> str:
    """A piece as a sentence about it can quote it: without blanks around it, unless it is one."""
    return visible(text.strip(" ") or text)


def _beyond(shown: Shown, chosen: int | None, *, figures: bool) -> str:
    """What follows the text, where a model goes on with it; all of it, where it judges it."""
    reading = shown.look.reading
    if reading is not None and not reading.goes_on:
        return ""
    name = say(shown.language, "inside.whole" if reading is None else "inside.next")
    return (
        f'<button class="piece next" data-do="place" data-id="{shown.side}:-1" aria-pressed="{_bool(chosen == -1)}">'
        f"<span>{name}</span>{'<small>&nbsp;</small>' if figures else ''}</button>"
    )


def _title(sentence: Sentence, place: int, language: Language) -> str:
    piece = sentence.pieces[place]
    name = sentence.words.get(piece.id, "")
    if not piece.of(sentence.text):
        name = f"{name}: {say(language, 'inside.part_of_character')}"
    return f"{name} #{piece.id}"


def _bool(value: bool) -> str:
    return "true" if value else "false"
