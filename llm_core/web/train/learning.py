"""What a run learns: which texts suit it, which columns it reads of a table, and what such a table looks like."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from llm_core.messages import Language, say
from llm_core.training.collect import read_records
from llm_core.training.columns import (
    OPTIONAL,
    PAIRS,
    ROLES,
    columns_in,
    found,
    is_table,
    missing,
    objective_for,
    reads_itself,
)
from llm_core.training.config import Source
from llm_core.training.flat import written
from llm_core.training.samples import LANGUAGE, SAMPLES
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.train.form import COLUMNS, Form, standing

FAMILY = {PAIRS: "seq2seq", "chat": "decoder", "preference": "decoder"}
"""Who learns it, unless another family that can is chosen already; of what is not here, the encoder."""
LABELLING = ("encoder", "lstm", "gru", "rnn")
SHOWN, SAVED = 2, 200  # examples of a sample
SHOWN_CHARS = 420


def kind(form: Form) -> str:
    """What is learned, as columns.ROLES names it."""
    return form.objective or (PAIRS if form.family == "seq2seq" else LANGUAGE)


def suits(name: str, learned: str) -> bool:
    """Whether a sample holds what is to be learned."""
    sample = SAMPLES[name]
    if learned in (LANGUAGE, PAIRS):
        return LANGUAGE in sample.objectives and (len(sample.fields) > 1) == (learned == PAIRS)
    return learned in sample.objectives


def with_texts(form: Form, language: Language) -> Form:
    """The form with samples that suit; the usual one where none is left and nothing of one's own was brought."""
    learned = kind(form)
    samples = tuple(name for name in form.samples if name in SAMPLES and suits(name, learned))
    if form.samples and not samples and not form.files and not form.paste.strip():
        usual = standing(language).samples if learned == LANGUAGE else SAMPLES
        samples = tuple(name for name in usual if suits(name, learned))[:1]
    return replace(form, samples=samples, columns=())


def toggled(form: Form, name: str) -> Form:
    """The form with a sample ticked, or no longer; what is learned follows a sample of another kind."""
    if name in form.samples:
        return replace(form, samples=tuple(one for one in form.samples if one != name))
    if not suits(name, kind(form)):
        sample = SAMPLES[name]
        pairs = sample.objectives[0] == LANGUAGE and len(sample.fields) > 1
        form = learning(form, PAIRS if pairs else sample.objectives[0])
    fitting = {*filter(lambda one: one in SAMPLES and suits(one, kind(form)), form.samples), name}
    return replace(form, samples=tuple(one for one in SAMPLES if one in fitting), columns=())


def learning(form: Form, learned: str) -> Form:
    """The form of a run that learns this."""
    if learned == LANGUAGE:
        return replace(form, objective="", family="decoder" if form.family == "seq2seq" else form.family)
    if learned == PAIRS:
        return replace(form, objective="", family=FAMILY[PAIRS])
    family = FAMILY.get(learned, "encoder")
    if learned == "label" and form.objective == "label" and form.family in LABELLING:
        family = form.family
    return replace(form, objective=learned, family=family)


def brought(form: Form) -> Form:
    """The form after files were added: what a table is for shows in its columns, where nothing was chosen yet."""
    learned = objective_for(_columns(form))
    if not learned or form.objective or kind(form) != LANGUAGE:
        return replace(form, columns=())
    return replace(learning(form, learned), columns=())


def unfit(form: Form) -> tuple[str, dict[str, Any]] | None:
    """Why the texts do not suit what is learned, a message with its facts; None where they do or may."""
    learned = kind(form)
    if learned not in (LANGUAGE, PAIRS):
        tables = [upload for upload in form.files if is_table(upload.path.name) or _may_hold(upload.path.name)]
        something = form.samples or tables or (form.thumbs and learned == "preference")
        if form.paste.strip() or not something or len(tables) < len(form.files):
            return f"learn.needs_{learned}", {}
    if learned == PAIRS and form.paste.strip():
        return "learn.needs_pairs", {}
    for upload in form.files:
        columns = columns_in(Source(path=upload.path))
        talks = learned == LANGUAGE and "messages" in columns
        if columns and not talks and (roles := missing(learned, columns, form.columns)):
            return "learn.column_missing", {
                "name": upload.path.name,
                "role": roles[0],
                "there": ", ".join(columns)[:200],
            }
    return None


def dials(components: Mapping[str, Any], form: Form, language: Language) -> dict[Any, Any]:
    """A menu for each column that is read, where files have columns to choose from."""
    there, learned = _columns(form), kind(form)
    roles = ROLES[learned]
    named = found(learned, there, form.columns)
    shown: dict[Any, Any] = {}
    for number in range(COLUMNS):
        component = components[f"column_{number}"]
        if not there or number >= len(roles) or (reads_itself(learned, there) and "messages" in there):
            shown[component] = gr.update(visible=False)
            continue
        role = roles[number]
        none = say(language, "learn.no_column" if (learned, role) in OPTIONAL else "learn.choose_column")
        shown[component] = gr.update(
            visible=True, label=say(language, f"learn.role_{role}"), value=named[number],
            choices=[(none, ""), *((name, name) for name in there)],
        )  # fmt: skip
    return shown


def needs(form: Form, language: Language) -> str:
    """What examples are to look like, and some of them, as HTML; nothing for running text."""
    learned = kind(form)
    if learned == LANGUAGE:
        return ""
    name, text = example(_sample(form), learned, language, SHOWN)
    short = text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS].rstrip()} …"
    save = f'<button class="quiet" data-do="example">{say(language, "learn.save_example")}</button>'
    return (
        f'<p class="why">{say(language, f"learn.needs_{learned}")}</p>'
        f'<details class="cmd"><summary>{say(language, "learn.example", name=name)}</summary>'
        f'<pre tabindex="0"><code>{escape(short)}</code></pre>{save}</details>'
    )


def saved(form: Form, language: Language) -> tuple[str, str]:
    """(name, text) of a file to fill in."""
    return example(_sample(form), kind(form), language, SAVED)


def _sample(form: Form) -> str:
    """The sample that is chosen, or the first one that suits."""
    return next(name for name in (*form.samples, *SAMPLES) if name in SAMPLES and suits(name, kind(form)))


@functools.cache
def example(sample: str, learned: str, language: Language, count: int) -> tuple[str, str]:
    """(name, text) of a file that is read as this kind of example; its first ones are in the page's language.

    Args:
        sample: where it comes from.
        learned: see `kind`.
        language: of the page.
        count: of examples, where so many are in that language.
    """
    # Languages take turns in the samples, English first.
    records = islice(read_records(Source(sample=sample)), 0, 2 * SAVED)
    chosen = [record for number, record in enumerate(records) if learned == PAIRS or number % 2 == (language == "zh")]
    suffix, text = written(chosen[:count], learned)
    return f"{learned}{suffix}", text


def _columns(form: Form) -> Sequence[str]:
    """Those of all files, each once."""
    named = (name for upload in form.files for name in columns_in(Source(path=upload.path)))
    return list(dict.fromkeys(named))


def _may_hold(name: str) -> bool:
    """Whether a table may be in it, which shows when it is opened."""
    return name.lower().endswith((".zip", ".xz", ".gz"))
