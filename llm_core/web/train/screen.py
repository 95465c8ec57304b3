"""The components of the Train tab: five steps of building, and a run as it learns.

Steps are shown and hidden by the browser (static/train.js), so that going through them takes no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from llm_core.training.config import Family, Size
from llm_core.web.frame import STATIC, fold, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, t
from llm_core.web.train import try_boxes
from llm_core.web.train.beginning import FOLDS, OBJECTIVES
from llm_core.web.train.form import CLEANING, COLUMNS, KINDS, KNOBS, MINUTES, RANKS, STANDING

FILE_TYPES = [".txt", ".md", ".jsonl", ".csv", ".tsv", ".pdf", ".docx", ".html", ".zip", ".xz", ".gz"]


@dataclass(frozen=True)
class Screen:
    """Every component that a handler reads or writes."""

    kept: gr.Textbox  # the run that the browser had open; filled by script, never shown
    written: gr.Textbox  # what was filled in before, likewise
    draft: gr.HTML  # what is filled in, for the browser to keep
    current: gr.State  # the run that is shown; "" while building
    beside: gr.State  # runs on its chart
    steps: gr.HTML
    form: Mapping[str, Any]  # by the fields of form.Form
    samples: gr.HTML
    upload: gr.UploadButton
    files: gr.HTML
    findings: gr.HTML
    changes: gr.HTML
    sentence: gr.Textbox
    cut: gr.HTML
    looks_at_data: tuple[gr.Button, ...]  # one on each step that shows a part of the preview
    look_clean: gr.Button  # the one of them on the step that is not for all that can be learned
    uncleaned: gr.HTML  # that cleaning is not for what is learned
    families: gr.HTML
    needs: gr.HTML  # what examples are to look like
    plan: gr.HTML
    estimating: gr.Button
    estimate: gr.HTML
    start: gr.Button
    notice: gr.HTML
    run: gr.HTML
    chart: gr.HTML
    looks: gr.HTML
    result: gr.HTML  # what came of a finished run
    judged: gr.HTML  # a look at it under way, or what went wrong with one
    trying: try_boxes.Screen  # of a run that understands texts
    repo: gr.Textbox
    token: gr.Textbox  # emptied as soon as it was sent
    push: gr.Button
    card: gr.HTML
    rail: gr.HTML
    saved: gr.HTML  # a text for the browser to save
    fetched: gr.HTML  # an address for the browser to download from


def build(*, pushes: bool) -> Screen:
    """All of it.

    Args:
        pushes: whether models may be sent to the Hub from here.
    """
    kept, current, beside = gr.Textbox(visible=False), gr.State(""), gr.State(())
    written = gr.Textbox(visible=False)
    form: dict[str, Any] = {}
    with gr.Column(elem_id="train"):
        steps = html("", elem_id="train-steps", js_on_load=_script("train-steps.js"))
        draft = html(None, html_template="<i></i>", js_on_load=_script("train-draft.js"), elem_id="train-draft")
        with gr.Row(elem_classes=["grid", "train"]):
            with gr.Column(elem_classes=["area-main"]):
                samples, upload, files, look_data, findings = _data(form)
                uncleaned, look_clean, changes = _clean(form)
                sentence, look_tokens, cut = _tokens(form)
                families, needs = _model(form)
                run, chart, looks, saved, fetched = _run(form)
                result, tried, judged, repo, token, push = _result(pushes)
            with gr.Column(elem_classes=["area-side"]):
                plan = html("", elem_id="train-plan", css_class="margin plan")
                estimating = gr.Button(t("train.estimate"), size="sm", elem_id="train-estimating")
                estimate = html("", elem_id="train-estimate", css_class="margin looked")
                start = gr.Button(t("train.start"), variant="primary", elem_id="train-start")
                notice = html("", elem_id="train-notice")
                card = html("", elem_id="train-card", css_class="margin")
            with gr.Column(elem_classes=["area-runs"]), fold("train.runs"):
                rail = html("", elem_id="train-rail", js_on_load=_script("ask-rail.js"))
    looks_at_data = (look_data, look_clean, look_tokens)
    return Screen(
        kept, written, draft, current, beside, steps, form, samples, upload, files, findings, changes, sentence, cut,
        looks_at_data, look_clean, uncleaned, families, needs, plan, estimating, estimate, start, notice, run, chart,
        looks, result, judged, tried, repo, token, push, card, rail, saved, fetched,
    )  # fmt: skip


def _data(form: dict[str, Any]) -> tuple[gr.HTML, gr.UploadButton, gr.HTML, gr.Button, gr.HTML]:
    with gr.Column(elem_classes=["step", "step-1"]):
        html(_invitation("train.empty", "train.trust"), elem_id="train-empty")
        form["samples"] = gr.State(STANDING.samples)
        form["files"] = gr.State(())
        samples = html("", elem_id="train-samples", js_on_load=_script("train-data.js"))
        upload = gr.UploadButton(
            t("train.upload"), size="sm", file_count="multiple", file_types=FILE_TYPES, elem_id="train-upload",
            elem_classes=["as-word"],
        )  # fmt: skip
        files = html("", elem_id="train-files", js_on_load=_script("train-data.js"))
        with gr.Row(elem_classes=["columns"]):
            for number in range(COLUMNS):
                form[f"column_{number}"] = gr.Dropdown(
                    [("", "")], value="", interactive=True, visible=False, elem_id=f"train-column-{number}",
                )  # fmt: skip
        form["paste"] = gr.Textbox(
            label=t("train.paste"), lines=4, max_lines=12, interactive=True, elem_id="train-paste"
        )
        look = gr.Button(t("train.look_data"), size="sm", elem_id="train-look-data")
        findings = html("", elem_id="train-findings", css_class="looked")
    return samples, upload, files, look, findings


def _clean(form: dict[str, Any]) -> tuple[gr.HTML, gr.Button, gr.HTML]:
    with gr.Column(elem_classes=["step", "step-2"]):
        uncleaned = html("", elem_id="train-uncleaned")
        form["cleaning"] = gr.CheckboxGroup(
            [(t(f"train.clean_{name}"), name) for name in CLEANING], value=list(STANDING.cleaning),
            label=t("train.cleaning"), interactive=True, elem_id="train-cleaning", elem_classes=["lines"],
        )  # fmt: skip
        look = gr.Button(t("train.look_clean"), size="sm", elem_id="train-look-clean")
        changes = html("", elem_id="train-changes", css_class="looked")
    return uncleaned, look, changes


def _tokens(form: dict[str, Any]) -> tuple[gr.Textbox, gr.Button, gr.HTML]:
    with gr.Column(elem_classes=["step", "step-3"]):
        _pieces(form)
        html(f'<p class="why">{both("train.tokens_why")}</p>')
        sentence = gr.Textbox(
            label=t("train.sentence"), lines=1, max_lines=3, interactive=True, elem_id="train-sentence"
        )
        look = gr.Button(t("train.look_tokens"), size="sm", elem_id="train-look-tokens")
        cut = html("", elem_id="train-cut", css_class="looked")
    return sentence, look, cut


def _pieces(form: dict[str, Any]) -> None:
    with gr.Row(elem_classes=["pair-of-dials"]):
        form["kind"] = gr.Dropdown(
            [(t("train.kind_auto"), ""), *((t(f"train.kind_{kind.replace('-', '_')}"), kind) for kind in KINDS)],
            value="", label=t("train.kind"), interactive=True, elem_id="train-kind",
        )  # fmt: skip
        form["vocabulary"] = gr.Textbox(
            label=t("train.vocabulary"), lines=1, max_lines=1, interactive=True, elem_id="train-vocabulary"
        )


def _model(form: dict[str, Any]) -> tuple[gr.HTML, gr.HTML]:
    with gr.Column(elem_classes=["step", "step-4"]):
        form["family"] = gr.Radio(
            [(t(f"train.family_{name}"), name) for name in get_args(Family)], value=STANDING.family,
            label=t("train.family"), interactive=True, elem_id="train-family", elem_classes=["segments"],
        )  # fmt: skip
        families = html("", elem_id="train-families")
        needs = _tuning(form)
        form["size"] = gr.Radio(
            [(t("train.size_auto"), ""), *((t(f"train.size_{name}"), name) for name in get_args(Size))], value="",
            label=t("train.size"), interactive=True, elem_id="train-size", elem_classes=["segments"],
        )  # fmt: skip
        form["minutes"] = gr.Radio(
            [(t(f"train.minutes_{n}"), n) for n in MINUTES], value=STANDING.minutes, label=t("train.minutes"),
            interactive=True, elem_id="train-minutes", elem_classes=["segments"],
        )  # fmt: skip
        with gr.Accordion(t("train.every_setting"), open=False, elem_classes=["gr-accordion"], elem_id="train-knobs"):
            html(f'<p class="why">{both("train.knobs")}</p>')
            with gr.Row(elem_classes=["knobs"]):
                for knob in KNOBS:
                    form[knob] = gr.Textbox(
                        label=t(f"train.knob_{knob}"), lines=1, max_lines=1, interactive=True,
                        elem_id=f"train-knob-{knob}",
                    )  # fmt: skip
    return families, needs


def _tuning(form: dict[str, Any]) -> gr.HTML:
    """What is to be learned and with which weights it begins; shown by beginning.dials where there is a choice."""
    form["objective"] = gr.Radio(
        [(t(f"train.objective_{name or 'own'}"), name) for name in OBJECTIVES], value="", label=t("train.objective"),
        interactive=True, elem_id="train-objective", elem_classes=["segments"],
    )  # fmt: skip
    needs = html("", elem_id="train-needs", js_on_load=_script("train-data.js"))
    form["thumbs"] = gr.Checkbox(
        value=False, label=t("learn.thumbs"), interactive=True, visible=False, elem_id="train-thumbs",
    )  # fmt: skip
    form["start"] = gr.Dropdown(
        [(t("train.begin_fresh"), "")], value="", label=t("train.begin_with"), interactive=True,
        elem_id="train-begin",
    )  # fmt: skip
    form["adapter"] = gr.Checkbox(
        value=False, label=t("train.adapter"), interactive=True, visible=False, elem_id="train-adapter",
    )  # fmt: skip
    with gr.Row(elem_classes=["pair-of-dials"]):
        form["rank"] = gr.Radio(
            [(n, n) for n in RANKS], value=STANDING.rank, label=t("learn.rank"), interactive=True, visible=False,
            elem_id="train-rank", elem_classes=["segments"],
        )  # fmt: skip
        form["apart"] = gr.Radio(
            [(t("learn.adapter_merged"), False), (t("learn.adapter_apart"), True)], value=False, interactive=True,
            visible=False, label=t("learn.adapter_end"), elem_id="train-apart", elem_classes=["segments"],
        )  # fmt: skip
    form["folds"] = gr.Radio(
        [(t("train.folds_none"), ""), *((n, n) for n in FOLDS)], value="", label=t("train.folds"), interactive=True,
        visible=False, elem_id="train-folds", elem_classes=["segments"],
    )  # fmt: skip
    return needs


def _run(form: dict[str, Any]) -> tuple[gr.HTML, gr.HTML, gr.HTML, gr.HTML, gr.HTML]:
    with gr.Column(elem_classes=["step", "step-5"]):
        html(_invitation("train.ready", "train.ready_why"), elem_id="train-ready")
        form["name"] = gr.Textbox(
            label=t("train.name"), lines=1, max_lines=1, interactive=True, elem_id="train-name",
        )  # fmt: skip
        run = html("", elem_id="train-run", js_on_load=_script("train-run.js"))
        chart = html(None, html_template=_CHARTS, js_on_load=_script("train-chart.js"), elem_id="train-chart")
        looks = html("", elem_id="train-looks")
        saved = html(None, html_template="<i></i>", js_on_load=_script("save.js"), elem_id="train-saved")
        fetched = html(None, html_template="<i></i>", js_on_load=_script("fetch.js"), elem_id="train-fetched")
    return run, chart, looks, saved, fetched


def _result(pushes: bool) -> tuple[gr.HTML, try_boxes.Screen, gr.HTML, gr.Textbox, gr.Textbox, gr.Button]:
    with gr.Column(elem_classes=["step", "step-5"], elem_id="train-after"):
        tried = try_boxes.build()
        result = html("", elem_id="train-result", js_on_load=_script("train-data.js"))
        judged = html("", elem_id="train-judged", css_class="looked")
        with gr.Column(elem_classes=["push"], visible=pushes):
            with gr.Row(elem_classes=["pair-of-dials"]):
                repo = gr.Textbox(label=t("trained.push_repo"), lines=1, max_lines=1, elem_id="train-repo")
                token = gr.Textbox(
                    label=t("trained.push_token"), type="password", lines=1, max_lines=1, elem_id="train-token",
                )  # fmt: skip
            push = gr.Button(t("trained.push"), size="sm", elem_id="train-push")
    return result, tried, judged, repo, token, push


_CHARTS = (
    '<wb-chart class="chart large"></wb-chart>'
    '<div class="small-charts"><wb-chart class="chart"></wb-chart><wb-chart class="chart"></wb-chart>'
    '<wb-chart class="chart"></wb-chart></div><wb-chart class="chart large compare"></wb-chart>'
)


def _invitation(sentence: str, more: str) -> str:
    return f'<section class="invitation"><h2>{both(sentence)}</h2><p class="why">{both(more)}</p></section>'


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


def outputs(screen: Screen) -> list[Any]:
    """All that a handler may change."""
    building = [screen.steps, screen.samples, screen.files, screen.families, screen.plan, screen.start]
    looked = [screen.findings, screen.changes, screen.cut, screen.estimate]
    running = [
        screen.current,
        screen.beside,
        screen.notice,
        screen.run,
        screen.chart,
        screen.looks,
        screen.result,
        screen.card,
        screen.rail,
    ]
    told = [
        screen.needs,
        screen.look_clean,
        screen.uncleaned,
        screen.draft,
        screen.saved,
        screen.fetched,
        *screen.trying.all,
    ]
    return [*building, *looked, *running, *told, *screen.form.values()]
