"""Recorded runs of each family: a slider goes through a run, its curve and what it wrote together. Nothing trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.training.samples import SAMPLES
from llm_core.web.frame import PRIVATE, STATIC, Frame, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, language_of_request, t
from llm_core.workbench import replays

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

_TEMPLATE = (
    '<div class="replay" hidden><wb-chart class="chart large"></wb-chart>'
    '<input type="range" min="0" value="0"><p class="meter" aria-live="polite"></p>'
    '<table class="legs"><tbody></tbody></table></div>'
)

_ASKED = {"vae": "asked_again", "seq2seq": "asked_other", "encoder": "asked_masked"}


def build(workbench: Workbench, frame: Frame) -> None:
    """The recordings, below what trains."""
    families = replays.families()
    if not families:
        return
    with gr.Column(elem_id="replay"):
        title, about = both("race.replay_title"), both("race.replay_about")
        html(f'<h2 class="section-title">{title}</h2><p class="why">{about}</p>')
        choices = [(t(f"race.family_{name}"), name) for name in families]
        family = gr.Radio(
            choices, value=families[-1], label=t("race.family"), interactive=True, elem_id="replay-family",
            elem_classes=["segments"],
        )  # fmt: skip
        script = (STATIC / "replay.js").read_text("utf-8")
        shown = html(None, html_template=_TEMPLATE, js_on_load=script, elem_id="replay-shown")
    family.input(_chosen, family, shown, **PRIVATE)
    frame.opened.then(_chosen, family, shown, **PRIVATE)


def _chosen(family: str, request: gr.Request) -> Mapping[str, Any]:
    return picture(replays.replay(family), language_of_request(request))


def picture(run: Mapping[str, Any], language: Language) -> Mapping[str, Any]:
    """A recording as static/replay.js shows it, all its words in `language`."""
    valid = [(look["step"], look["valid_loss"]) for look in run["looks"]]
    sample = say(language, f"{SAMPLES[run['sample']].message}_title")
    facts = {"parameters": run["parameters"], "sample": sample, "t": run["seconds"]}
    series = [
        {"name": say(language, "race.series_train"), "kind": "quiet", "points": run["curve"]},
        {"name": say(language, "race.series_validation"), "kind": "main", "points": valid},
    ]
    return {
        "label": say(language, "race.replay_slider"),
        "prompts": [_asked(prompt, run["family"], language) for prompt in run["prompts"]],
        "chart": {
            "x": say(language, "race.update"), "x_max": run["steps"], "log": True, "series": series,
            "caption": say(language, "race.replay_caption", **facts),
        },
        "looks": [
            {"step": look["step"], "told": _told(look, language), "samples": look["samples"]} for look in run["looks"]
        ],
    }  # fmt: skip


def _told(look: Mapping[str, Any], language: Language) -> str:
    told = say(language, "race.replay_at", step=look["step"], t=look["seconds"], loss=f"{look['valid_loss']:.2f}")
    bits, extra = look.get("bits_per_char"), look.get("extra", {})
    if bits is not None:
        told += say(language, "race.replay_bits_gap", bits=f"{bits:.3f}")
    if "kl" in extra:
        figures = {"kl": f"{extra['kl']:.1f}", "loss": f"{extra['reconstruction']:.1f}"}
        told += say(language, "race.replay_latent_gap", units=extra["active_units"], **figures)
    return told


def _asked(prompt: str, family: str, language: Language) -> str:
    """What a model was asked to do with a prompt."""
    if not prompt:
        return say(language, "race.asked_prior")
    return say(language, f"race.{_ASKED.get(family, 'asked_on')}", text=prompt)
