"""A run as HTML: its state and figures, its curves, what it writes as it learns, and the list of all runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, explain, say, write_bytes
from llm_core.web.frame import escape
from llm_core.web.train.pieces import listed, notice

if TYPE_CHECKING:
    from llm_core.web.train.curves import Learned, Point
    from llm_core.workbench.run_state import RunState

UNDER_WAY = ("queued", "preparing", "training")
WRITING = ("language", "chat", "preference")
"""Objectives after which a model can be talked to."""
GUESSING = ("language", "masked", "chat")
"""Objectives whose loss says among how many pieces a model hesitates."""
LOOKS_SHOWN = 8
SAMPLE_CHARS_MAX = 240


FIGURES = {"accuracy": "accuracy", "f1": "f1", "recall@1": "recall", "score": "score"}
"""Figures of an objective alone, by their names in a look: percent, or points of a hundred."""


def head(run: RunState, learned: Learned, language: Language) -> str:
    """Name, state, what can be done, how far it is and how well it does."""
    live = "1" if run.state in UNDER_WAY else "0"
    told = "".join(_told(run, language))
    return (
        f'<section class="run" data-run="{escape(run.name)}" data-live="{live}" '
        f'data-progress="{escape(progress(run, language))}"><div class="run-head"><div>'
        f'<h2>{escape(run.name)}</h2><p class="meter">{"".join(_state(run, language))}</p></div>'
        f'<div class="acts">{"".join(_acts(run, language))}</div></div>'
        f'<i class="line{" runs" if run.state == "preparing" else ""}" style="--w:{_share(run):.4f}"></i>'
        f'{told}<div class="figures">{"".join(_figures(run, learned, language))}</div></section>'
    )


def charts(
    learned: Learned, run: RunState, others: Mapping[str, Learned], language: Language
) -> list[dict[str, Any] | None]:
    """The curves of a run: loss large, then learning rate, gradient norm and speed small; last, beside other runs."""
    step = say(language, "train.step")
    far = max(run.steps or 0, run.step)
    losses = [
        _series("train", learned.points("loss"), "quiet", language),
        _series("validation", learned.points("valid_loss"), "main", language),
    ]
    caption = say(language, "train.caption_loss", per=per(run, language))
    large = {"x": step, "x_max": far, "log": True, "caption": caption, "series": losses}
    small = [
        {
            "x": step, "x_max": far, "small": True, "caption": say(language, f"train.caption_{name}"),
            "series": [_series(name, learned.points(name), "main", language)],
        }
        for name in ("learning_rate", "gradient_norm", "tokens_per_second")
    ]  # fmt: skip
    return [large, *small, _beside(learned, run, others, language)]


def _beside(
    learned: Learned, run: RunState, others: Mapping[str, Learned], language: Language
) -> dict[str, Any] | None:
    """Runs on one chart, by what can be compared whatever their pieces are."""
    if not others:
        return None
    compared = {run.name: learned, **others}
    name = "bits_per_char" if all(one.points("bits_per_char") for one in compared.values()) else "valid_loss"
    kinds = ("main", "quiet", "dotted", "dashed")
    series = [
        {"name": title, "kind": kind, "points": one.points(name), "digits": 2}
        for kind, (title, one) in zip(kinds, compared.items(), strict=False)
    ]
    caption = say(language, f"train.caption_{name}", per=per(run, language))
    return {"x": say(language, "train.step"), "log": True, "caption": caption, "series": series}


def per(run: RunState, language: Language) -> str:
    """What a loss is counted by."""
    return say(language, f"learn.per_{run.objective}")


def looks(learned: Learned, prompts: Sequence[str], language: Language) -> str:
    """What the model wrote after each prompt, as it learned: one table a prompt."""
    shown = _spread(learned.looks)
    if not shown:
        return ""
    if not prompts:
        return f'<div data-look="{learned.step_of_look}"></div>'
    head = f'<h3 class="heading">{say(language, "train.looks")}</h3>'
    tables = "".join(_table(shown, prompt, number, language) for number, prompt in enumerate(prompts))
    watch = f'<p class="why">{say(language, "train.looks_why")}</p>'
    return f'<div data-look="{learned.step_of_look}">{head}{watch}{tables}</div>'


def rail(runs: Sequence[RunState], current: str, beside: Sequence[str], language: Language) -> str:
    """The visitor's runs, the newest first; those in `beside` are on the chart of the one that is shown."""
    if not runs:
        return f'<nav class="list"><p class="why">{say(language, "train.no_runs")}</p></nav>'
    lines = "".join(
        f'<li data-id="{escape(run.name)}"><button class="open" data-do="open"'
        f'{" aria-current=true" if run.name == current else ""}><span class="title">{escape(run.name)}</span>'
        f"<small>{escape(_short(run, language))}</small></button>"
        f"{_compare(run, current, beside, language)}</li>"
        for run in runs
    )
    new = f'<p class="acts"><button class="quiet" data-do="new">{say(language, "train.new")}</button></p>'
    title = say(language, "train.runs")
    return f'<nav class="list" aria-label="{title}"><h4 class="on-wide">{title}</h4><ul>{lines}</ul></nav>{new}'


def along(names: Sequence[str], beside: Sequence[str], language: Language) -> str:
    """Models that came along, to be put on the chart of the run that is shown."""
    if not names:
        return ""
    lines = "".join(
        f'<li data-id="{escape(name)}"><span class="title">{escape(name)}</span>'
        f"{_beside_it(name, beside, language)}</li>"
        for name in names
    )
    title = say(language, "train.along")
    return f'<nav class="list" aria-label="{title}"><h4>{title}</h4><ul>{lines}</ul></nav>'


def progress(run: RunState, language: Language) -> str:
    """How far a run is, in a few words."""
    if run.steps:
        return say(language, "train.step_of", step=run.step, steps=run.steps)
    return say(language, "train.step_at", step=run.step)


def _state(run: RunState, language: Language) -> list[str]:
    said = _called(run, language)
    kind = "on" if run.state in UNDER_WAY else "bad" if run.state == "failed" else "off"
    parts = [f'<b class="{kind}">{said}</b>', f"<span>{progress(run, language)}</span>"]
    if run.state == "training" and run.seconds_left is not None:
        parts.append(f"<span>{say(language, 'train.left', t=run.seconds_left)}</span>")
    elif run.seconds:
        parts.append(f"<span>{say(language, 'train.took', t=run.seconds)}</span>")
    if run.device:
        parts.append(f"<span>{escape(run.device)}</span>")
    return parts


def _called(run: RunState, language: Language) -> str:
    """Its state in a word or two."""
    if run.state == "queued" and not run.place:
        return say(language, "train.state_beginning")
    return say(language, f"train.state_{run.state}", place=run.place)


def _acts(run: RunState, language: Language) -> list[str]:
    match run.state:
        case "queued" | "preparing" | "training":
            acts = [("pause", "secondary"), ("stop", "secondary")]
        case "paused" | "failed":
            acts = [("resume", "primary")]
        case _:
            acts = [("talk", "primary")] if run.objective in WRITING else []
    buttons = [
        f'<button class="button {kind}" data-do="{act}">{say(language, f"train.{act}")}</button>'
        for act, kind in acts
    ]
    words = [("csv", "csv")] if run.step else []
    words += [("zip", "zip")] if run.state == "done" else []
    quiet = [f'<button class="quiet" data-do="{do}">{say(language, f"train.{key}")}</button>' for do, key in words]
    sure = say(language, "train.delete_sure")
    delete = f'<button class="quiet" data-do="delete" data-confirm="{sure}">{say(language, "train.delete")}</button>'
    return [*quiet, delete, *buttons]


def _told(run: RunState, language: Language) -> list[str]:
    told = [notice(explain(run.error, language), doubt=run.state != "failed")] if run.error else []
    known = [notice(say(language, f"notices.{one['code']}", **one["facts"]), doubt=True) for one in run.notices]
    return [*told, *known]


def _figures(run: RunState, learned: Learned, language: Language) -> list[str]:
    figures = [(f"learn.{name}", f"{value:.1f}", unit) for name, value, unit in _own(learned)]
    if run.valid_loss is not None:
        figures.append(("train.valid_loss", f"{run.valid_loss:.2f}", ""))
    elif run.train_loss is not None:
        figures.append(("train.train_loss", f"{run.train_loss:.2f}", ""))
    if run.objective in GUESSING and run.perplexity is not None and math.isfinite(run.perplexity):
        figures.append(("train.perplexity", f"{run.perplexity:,.1f}", ""))
    if run.bits_per_char is not None:
        figures.append(("train.bits_per_char", f"{run.bits_per_char:.2f}", ""))
    if run.tokens_per_second:
        figures.append(("train.tokens_per_second", f"{run.tokens_per_second:,.0f}", ""))
    if run.memory_bytes:
        number, unit = write_bytes(run.memory_bytes).split()
        figures.append(("train.memory", number, unit))
    counted = per(run, language)
    return [
        f'<p title="{say(language, _about(name), per=counted)}">'
        f"<b>{value}{f' <small>{unit}</small>' if unit else ''}</b>{say(language, name)}</p>"
        for name, value, unit in figures
    ]


def _about(name: str) -> str:
    subject, _, figure = name.partition(".")
    return f"{subject}.about_{figure}"


def _own(learned: Learned) -> list[tuple[str, float, str]]:
    """What the objective itself says of the model at the latest look; of several sources, the first one's."""
    extra = learned.looks[-1].get("extra", {}) if learned.looks else {}
    found = []
    for name, shown in FIGURES.items():
        values = [value for key, value in extra.items() if key == name or key.startswith(f"{name}.")]
        if values:
            found.append((shown, float(values[0]), "" if name == "score" else "%"))
    return found[:2]


def _compare(run: RunState, current: str, beside: Sequence[str], language: Language) -> str:
    if not current or run.name == current or run.valid_loss is None:
        return ""
    return _beside_it(run.name, beside, language)


def _beside_it(name: str, beside: Sequence[str], language: Language) -> str:
    label = say(language, "train.apart" if name in beside else "train.compare")
    return f'<div class="acts"><button class="quiet" data-do="compare">{label}</button></div>'


def _share(run: RunState) -> float:
    if run.state == "done":
        return 1.0
    if run.steps:
        return min(1.0, run.step / run.steps)
    if run.seconds_left is not None and run.seconds:
        return run.seconds / (run.seconds + run.seconds_left)
    return 0.0


def _series(name: str, points: Sequence[Point], kind: str, language: Language) -> dict[str, Any]:
    return {"name": say(language, f"train.series_{name}"), "kind": kind, "points": points, "digits": 2}


def _spread(all_looks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A few looks: the first, the last, and more of the beginning, where most is learned."""
    last = len(all_looks) - 1
    if last < LOOKS_SHOWN:
        return list(all_looks)
    places = {round((last + 1) ** (i / (LOOKS_SHOWN - 1))) - 1 for i in range(LOOKS_SHOWN)}
    return [all_looks[place] for place in sorted(places)]


def _table(shown: Sequence[Mapping[str, Any]], prompt: str, number: int, language: Language) -> str:
    rows = "".join(
        f"<tr{' class=last' if look is shown[-1] else ''}><td>{look['step']:,}</td><td>{look['valid_loss']:.2f}</td>"
        f'<td class="text">{escape(look["samples"][number][:SAMPLE_CHARS_MAX])}</td></tr>'
        for look in shown
        if number < len(look["samples"])
    )
    cells = [say(language, "train.step_head"), say(language, "train.loss_head")]
    heads = "".join(f"<th>{cell}</th>" for cell in cells)
    continues = escape(say(language, "train.continues", prompt=prompt))
    return f'<table class="samples"><thead><tr>{heads}<th>{continues}</th></tr></thead><tbody>{rows}</tbody></table>'


def _short(run: RunState, language: Language) -> str:
    said = _called(run, language)
    loss = run.valid_loss if run.valid_loss is not None else run.train_loss
    return listed([said, say(language, "train.loss_at", loss=f"{loss:.2f}")], language) if loss is not None else said
