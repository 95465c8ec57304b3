"""Curves as an SVG of a few kilobytes, written by hand: crisp at every size, legible on a light and a dark page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 132, 40, 52
# Light and dark: each pair stands out from its page and from the others (Okabe and Ito 2008, lightened for dark).
COLOURS = (("#0072b2", "#56b4e9"), ("#d55e00", "#ff9a52"), ("#00795a", "#35c79b"), ("#a3508b", "#e39bca"),
           ("#6b6b6b", "#a8a8a8"), ("#8a6d00", "#e6c33c"))  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """One direction: from its least to its greatest value, as they are or by their logarithm."""

    label: str
    least: float
    most: float
    is_log: bool = False

    def place(self, value: float) -> float:
        """From 0 to 1."""
        low, high, at = (math.log(v) if self.is_log else v for v in (self.least, self.most, value))
        return (at - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round values within, about five of them; of a logarithm, powers of ten and their triples."""
        if self.is_log:
            powers = range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1)
            found = [n * 10.0**power for power in powers for n in (1, 3)]
        else:
            rough = (self.most - self.least) / 5
            power = 10.0 ** math.floor(math.log10(rough))
            step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
            first = math.ceil(self.least / step)
            found = [n * step for n in range(first, first + 12)]
        return [value for value in found if self.least <= value <= self.most * (1 + 1e-9)]


def draw(path: Path, title: str, curves: Mapping[str, Points], x: Axis, y: Axis, level: Sequence[str] = ()) -> None:
    """Write the picture.

    Args:
        path: of the SVG.
        title: what it shows.
        curves: by name, each in the order of x; names stand at their ends.
        x: the horizontal axis.
        y: the vertical axis.
        level: names of curves that are one value, drawn as a dashed line from side to side.
    """
    ends = _apart({name: _y(y, points[-1][1]) for name, points in curves.items()})
    parts = [_frame(title, x, y)]
    for number, (name, points) in enumerate(curves.items()):
        if name in level:
            points = [(x.least, points[-1][1]), (x.most, points[-1][1])]
        drawn = " ".join(f"{_x(x, a):.1f},{_y(y, b):.1f}" for a, b in points if y.least <= b <= y.most)
        kind = f"curve c{number}" + (" level" if name in level else "")
        parts.append(f'<polyline class="{kind}" points="{drawn}"/>')
        parts.append(
            f'<text class="name c{number}" x="{WIDTH - RIGHT + 8}" y="{ends[name] + 4:.1f}">{escape(name)}</text>'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(title, parts), encoding="utf-8", newline="\n")


def _page(title: str, parts: Sequence[str]) -> str:
    light = "".join(f".c{i}{{--c:{pair[0]}}}" for i, pair in enumerate(COLOURS))
    dark = "".join(f".c{i}{{--c:{pair[1]}}}" for i, pair in enumerate(COLOURS))
    style = (
        "svg{color:#1f2328}text{fill:currentColor;font:13px system-ui,sans-serif}"
        ".title{font-weight:600;font-size:15px}.grid{stroke:currentColor;stroke-opacity:.15}.curve{fill:none;stroke:var(--c);stroke-width:2;"
        "stroke-linejoin:round}.level{stroke-dasharray:6 5}.name{fill:var(--c);font-weight:600}"
        f"{light}@media(prefers-color-scheme:dark){{svg{{color:#e6edf3}}{dark}}}"
    )
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return "\n".join([head, f"<style>{style}</style>", *parts, "</svg>", ""])


def _frame(title: str, x: Axis, y: Axis) -> str:
    lines = [f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>']
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in y.ticks():
        at = _y(y, value)
        lines.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{right}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    for value in x.ticks():
        at = _x(x, value)
        lines.append(f'<path class="grid" d="M{at:.1f} {TOP}V{bottom}"/>')
        lines.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{_number(value)}</text>')
    middle = (TOP + bottom) / 2
    lines.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x.label)}</text>')
    lines.append(
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>'
    )
    return "\n".join(lines)


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)


def _apart(ends: Mapping[str, float], least: float = 16.0) -> dict[str, float]:
    """Names one below the other where curves end close together, and all of them within the picture."""
    placed: dict[str, float] = {}
    below = float(HEIGHT - BOTTOM) + least
    for name, at in sorted(ends.items(), key=lambda end: -end[1]):
        placed[name] = below = min(at, below - least)
    return placed


def _number(value: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {unit}" if unit != "k" else f"{value / size:g}k"
    return f"{value:g}"
