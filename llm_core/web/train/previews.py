"""Looks at a run before it begins, as HTML: cleaning before and after, text in pieces, what it will take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say, write_bytes
from llm_core.web.frame import escape
from llm_core.web.train.pieces import facts, listed, notice

if TYPE_CHECKING:
    from llm_core.training.estimate import Estimate
    from llm_core.workbench.previewing import Preview

SHOWN_CHARS, BEFORE_CHARS = 240, 60
CHANGES_MAX, FREQUENT_MAX, LABELS_MAX = 12, 40, 40
_WORDS = re.compile(r"[\u3400-\u9fff]|\w+|\s+|.", re.DOTALL)


def findings(preview: Preview, language: Language) -> str:
    """What the corpus is like, and what a model will be biased to."""
    told = "".join(f"<li>{escape(say(language, key, **values))}</li>" for key, values in preview.findings)
    if not told:
        return ""
    part = "" if preview.whole else f'<p class="why">{say(language, "train.beginning_only")}</p>'
    return (
        f'<p class="heading">{say(language, "train.findings")}</p><ul class="findings">{told}</ul>{part}'
        f"{_counts(preview.counts, language)}{_examples(preview.examples, language)}"
    )


def _counts(counts: Mapping[str, Mapping[str, int]], language: Language) -> str:
    """How uneven labels are, as bars."""
    told = ""
    for name, labels in counts.items():
        most = max(labels.values())
        rows = "".join(
            f'<li><span>{escape(label)}</span><i style="--w:{count / most:.3f}"></i><b>{count:,}</b></li>'
            for label, count in list(labels.items())[:LABELS_MAX]
        )
        small = f" <small>{escape(name)}</small>" if len(counts) > 1 else ""
        title = f'<p class="heading">{say(language, "learn.label_counts")}{small}</p>'
        told += f'{title}<ul class="label-bars">{rows}</ul>'
    return told


def _examples(examples: Sequence[tuple[str, str]], language: Language) -> str:
    """Some examples as the run will read them."""
    if not examples:
        return ""
    head = "".join(f"<th>{say(language, f'learn.{key}')}</th>" for key in ("learned_from", "to_say"))
    rows = "".join(
        f'<tr><td class="text">{escape(text)}</td><td class="text">{escape(said)}</td></tr>'
        for text, said in examples
    )
    title = f'<p class="heading">{say(language, "learn.as_read")}</p>'
    return f'{title}<table class="changes"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def changes(preview: Preview, language: Language) -> str:
    """Real lines before and after cleaning."""
    if not preview.changes:
        return f'<p class="why">{say(language, "train.changes_none")}</p>'
    head = "".join(f"<th>{say(language, key)}</th>" for key in ("train.before", "train.after"))
    rows = "".join(_change(change, language) for change in preview.changes[:CHANGES_MAX])
    return f'<table class="changes"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def cut(preview: Preview, language: Language) -> str:
    """A sentence in its pieces, and the tokenizer in figures."""
    shown = "".join(_piece(piece, number) for number, piece in enumerate(preview.pieces))
    report = preview.tokenizer
    rows = [
        (say(language, "train.pieces_known"), f"{report['vocabulary']:,}"),
        (say(language, "train.per_character"), f"{report['tokens_per_character']:.2f}"),
        (say(language, "train.coverage"), f"{report['coverage']:.1%}"),
    ]
    frequent = " ".join(
        f'<span class="tok">{_written(text)}<sub>{count:,}</sub></span>'
        for text, count in report["most_frequent"][:FREQUENT_MAX]
    )
    return (
        f'<p class="toks text">{shown}</p>'
        f'<p class="why">{escape(say(language, "train.cut_into", n=len(preview.pieces)))}</p>'
        f'{facts(rows)}<p class="heading">{say(language, "train.frequent")}</p><p class="frequent">{frequent}</p>'
    )


def estimate(found: Estimate, language: Language) -> str:
    """What a run will take on this very machine."""
    rows = [
        (say(language, "train.parameters"), f"{found.parameters:,}"),
        (say(language, "train.tokens"), f"{found.tokens:,}"),
        (say(language, "train.time_here"), say(language, "train.time", t=found.seconds)),
        (say(language, "train.updates_head"), f"{found.steps:,}"),
        (say(language, "train.epochs"), f"{found.epochs:.1f}"),
        (say(language, "train.speed"), f"{found.tokens_per_second:,.0f}"),
        (say(language, "train.memory_head"), write_bytes(found.memory_bytes)),
        (say(language, "train.disk"), write_bytes(found.disk_bytes)),
        (say(language, "train.device"), f"{found.device}, {found.precision}"),
    ]
    warned = "".join(notice(say(language, code, **values), doubt=True) for code, values in found.warnings)
    return f'<p class="heading">{say(language, "train.estimated")}</p>{facts(rows)}{warned}'


def _change(change: Mapping[str, Any], language: Language) -> str:
    before, after = "\n".join(change["before"]), "\n".join(change["after"])
    done = [say(language, f"train.did_{step}") for step in change["steps"]]
    if change["dropped"]:
        why = say(language, f"train.dropped_{change['dropped'].replace(' ', '_')}")
        left = f'<td class="text gone">{escape(_shortened(before, 0))}</td>'
        return f'<tr>{left}<td class="told">{escape(why)}</td></tr>'
    first = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    was, now = _compared(_shortened(before, first), _shortened(after, first))
    told = f"<small>{escape(listed(done, language))}</small>"
    return f'<tr><td class="text">{was}</td><td class="text">{now}{told}</td></tr>'


def _shortened(text: str, first: int) -> str:
    """The stretch about the character `first`."""
    start = max(0, first - BEFORE_CHARS)
    end = start + SHOWN_CHARS
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _compared(before: str, after: str) -> tuple[str, str]:
    """Both as HTML, what went and what came marked."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    was: list[str] = []
    now: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape("".join(old[a:b])), escape("".join(new[c:d]))
        was.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        now.append(come if kind == "equal" or not come else f"<mark>{come}</mark>")
    return "".join(was), "".join(now)


def _piece(piece: Mapping[str, Any], number: int) -> str:
    kind = "tok partial" if piece["partial"] else "tok"
    return f'<span class="{kind} tint-{number % 3}" title="{piece["id"]}">{_written(piece["text"])}</span>'


def _written(text: str) -> str:
    """A piece with its blanks and line ends to be seen."""
    return escape(text).replace(" ", "·").replace("\n", "↵") or "·"
