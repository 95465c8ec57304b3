"""The Train tab as HTML while a run is built: the five steps, texts to choose from, the plan with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llm_core.messages import Language, say
from llm_core.training.glance import glance
from llm_core.training.plan import EXAMPLES
from llm_core.training.samples import LANGUAGE, SAMPLES
from llm_core.web.frame import escape
from llm_core.web.train.form import CLEANING, KNOBS, Form

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig
    from llm_core.training.plan import Reason

STEPS = ("data", "clean", "tokens", "model", "run")
TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}


def stepper(results: Sequence[str], language: Language, *, now: int, run: str = "") -> str:
    """The five steps, each with what it comes to.

    Args:
        results: a few words for each.
        language: of the page.
        now: the step that is to be shown, from 1.
        run: the run that is shown on the last one.
    """
    lines = "".join(
        f'<li><button data-step="{number}"><span><b>{number}</b> {say(language, f"train.step_{name}")}</span>'
        f"<small>{escape(result)}</small></button></li>"
        for number, (name, result) in enumerate(zip(STEPS, results, strict=True), 1)
    )
    return f'<ol class="steps" data-now="{now}" data-run="{escape(run)}">{lines}</ol>'


def samples(chosen: Sequence[str], language: Language) -> str:
    """The corpora that ship with the project, as lines that can be ticked."""
    texts = [name for name, sample in SAMPLES.items() if LANGUAGE in sample.objectives]
    examples = [name for name in SAMPLES if name not in texts]
    return _choices("learn.texts", texts, chosen, language) + _choices("learn.examples", examples, chosen, language)


def _choices(title: str, names: Sequence[str], chosen: Sequence[str], language: Language) -> str:
    lines = "".join(
        f'<li><button role="checkbox" aria-checked="{str(name in chosen).lower()}" data-do="sample" data-id="{name}">'
        f"<b>{say(language, f'{SAMPLES[name].message}_title')}</b>"
        f"<span>{say(language, f'{SAMPLES[name].message}_about')}</span>"
        f"<small>{say(language, 'train.characters', n=SAMPLES[name].characters)}, {SAMPLES[name].licence}</small>"
        "</button></li>"
        for name in names
    )
    return f'<p class="heading">{say(language, title)}</p><ul class="choices">{lines}</ul>'


def files(form: Form, language: Language, lost: Sequence[str] = ()) -> str:
    """The files that were added, each with a line for its licence; and those that a reload has lost."""
    again = say(language, "learn.files_again", names=listed(lost, language)) if lost else ""
    lines = "".join(
        f'<li data-id="{number}"><span class="name">{escape(upload.path.name)}</span>'
        f'<input data-note aria-label="{say(language, "train.licence")}" value="{escape(upload.licence)}" '
        f'placeholder="{say(language, "train.licence")}">'
        f'<button class="quiet" data-do="remove" data-id="{number}">{say(language, "train.remove")}</button></li>'
        for number, upload in enumerate(form.files)
    )
    told = notice(again, doubt=True) if again else ""
    return told + (f'<ul class="files">{lines}</ul>' if lines else "")


def family(name: str, language: Language) -> str:
    """What a family is, and what to watch for when it learns."""
    return f'<p class="why">{say(language, f"train.about_{name}")}</p>'


def cleaned(form: Form, language: Language) -> str:
    """What cleaning is not for."""
    return f'<p class="why">{say(language, "learn.as_it_stands")}</p>' if form.objective in EXAMPLES else ""


def plan(config: TrainConfig, reasons: Iterable[Reason], form: Form, language: Language) -> str:
    """What Start would do, and why each value is as it is."""
    rows = [
        (say(language, "train.plan_text"), listed(source_name(form, language), language)),
        (say(language, "train.plan_pieces"), _pieces(config, language)),
        (say(language, "train.plan_model"), model_name(config, language)),
        (say(language, "learn.plan_adapter"), _adapter(config, language)),
        (say(language, "train.plan_time"), _budget(config, language)),
    ]
    told = "".join(f'<p class="why">{escape(_reason(reason, language))}</p>' for reason in reasons)
    return f'<p class="heading">{say(language, "train.plan")}</p>{facts(rows)}{told}'


def _reason(reason: Reason, language: Language) -> str:
    key, known = reason
    if "size" in known:
        known = known | {"size": say(language, f"train.size_{known['size']}_short")}
    return say(language, key, **known)


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values, a hairline each; both are escaped here."""
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows if value)
    return f'<dl class="facts">{lines}</dl>'


def listed(names: Iterable[str], language: Language) -> str:
    """Names in a row."""
    return ("、" if language == "zh" else ", ").join(names)


def notice(sentence: str, *, doubt: bool = False) -> str:
    """What went wrong, or what to know, in its place."""
    return f'<div class="notice{" doubt" if doubt else ""}" role="status"><p>{escape(sentence)}</p></div>'


def results(config: TrainConfig, language: Language) -> list[str]:
    """What each step comes to, in a few words."""
    seen = glance(config.sources)
    cleaned = sum(getattr(config.cleaning, name) for name in CLEANING)
    return [
        say(language, "train.result_data", sources=len(config.sources), n=seen.characters),
        "–" if config.objective in EXAMPLES else say(language, "train.result_clean", n=cleaned),
        _pieces(config, language),
        model_name(config, language),
        _budget(config, language),
    ]


def names(language: Language) -> dict[str, str]:
    """What the page calls an entry of a TrainConfig, for the sentence that says that its value does not fit."""
    named = {place: say(language, f"train.knob_{knob}") for knob, place in KNOBS.items()}
    named |= {"objective": say(language, "train.objective"), "start": say(language, "train.begin_with")}
    return named | {"tokenizer.vocabulary": say(language, "train.vocabulary"), "name": say(language, "train.name")}


def source_name(form: Form, language: Language) -> list[str]:
    """The sources as a person knows them."""
    named = [say(language, f"{SAMPLES[name].message}_title") for name in form.samples if name in SAMPLES]
    named += [upload.path.name for upload in form.files]
    named += [say(language, "learn.thumbs_title")] if form.thumbs else []
    return [*named, say(language, "train.pasted")] if form.paste.strip() else named


def model_name(config: TrainConfig, language: Language) -> str:
    """Family and size."""
    family, size = say(language, f"train.family_{config.family}"), say(language, f"train.size_{config.size}_short")
    return listed([family, config.start or size], language)


def _pieces(config: TrainConfig, language: Language) -> str:
    if config.start:
        return say(language, "train.pieces_kept", name=config.start)
    return say(language, f"train.kind_{config.tokenizer.kind.replace('-', '_')}")


def _adapter(config: TrainConfig, language: Language) -> str:
    if config.adapter is None:
        return ""
    said = say(language, "learn.adapter_facts", rank=config.adapter.rank, alpha=config.adapter.alpha)
    return said if config.adapter.merge else f"{said}, {say(language, 'learn.adapter_apart')}"


def _budget(config: TrainConfig, language: Language) -> str:
    if config.budget.steps:
        return say(language, "train.updates", n=config.budget.steps)
    return say(language, "train.time", t=config.budget.seconds)
