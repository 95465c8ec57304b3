"""The race: one button trains four families of equal size in turn; curves, table and samples side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.web.frame import PRIVATE, STATIC, Frame, escape, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, language_of_request, t
from llm_core.workbench.races import Race

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.races import Leg

SECONDS = {30: "half_minute", 60: "minute", 120: "two_minutes"}
TEXTS = ("stories-en", "stories-zh", "sentences-en", "sentences-zh")
SAMPLE_CHARS_MAX = 160
COLUMNS = {
    "family": "", "parameters": "number minor", "bits": "number", "updates": "number minor", "speed": "number minor",
    "samples": "text",
}  # fmt: skip
"""Names of the table's columns, and how each is set."""
Update = dict[Any, Any]


@dataclass(frozen=True)
class Screen:
    """The components of the race."""

    start: gr.Button
    stop: gr.Button
    notice: gr.HTML
    chart: gr.HTML
    table: gr.HTML


def build(workbench: Workbench, frame: Frame) -> None:
    """The race, below what trains."""
    with gr.Column(elem_id="race"):
        html(f'<h2 class="section-title">{both("race.title")}</h2><p class="why">{both("race.about")}</p>')
        with gr.Row(elem_classes=["pair-of-dials"]):
            text = gr.Dropdown(
                [(t(f"samples.{name.replace('-', '_')}_title"), name) for name in TEXTS], value=TEXTS[0],
                label=t("race.text"), interactive=True, elem_id="race-text",
            )  # fmt: skip
            seconds = gr.Radio(
                [(t(f"race.{name}"), s) for s, name in SECONDS.items()], value=60, label=t("race.length"),
                interactive=True, elem_id="race-seconds", elem_classes=["segments"],
            )  # fmt: skip
        screen = _screen()
    handlers = Handlers(workbench, screen)
    outputs = [screen.start, screen.stop, screen.notice, screen.chart, screen.table]
    once: dict[str, Any] = {**PRIVATE, "trigger_mode": "once"}
    screen.start.click(handlers.start, [frame.visitor, text, seconds], outputs, **once)
    screen.stop.click(handlers.stop, frame.visitor, outputs, **once)
    screen.table.look(handlers.look, frame.visitor, outputs, **once)
    frame.opened.then(handlers.look, frame.visitor, outputs, **PRIVATE)


def _screen() -> Screen:
    start = gr.Button(t("race.start"), variant="primary", elem_id="race-start")
    stop = gr.Button(t("race.stop"), visible=False, elem_id="race-stop")
    notice = html("", elem_id="race-notice")
    script = (STATIC / "train-chart.js").read_text("utf-8")
    template = '<wb-chart class="chart large"></wb-chart>'
    chart = html(None, html_template=template, js_on_load=script, elem_id="race-chart")
    table = html("", elem_id="race-table", js_on_load=(STATIC / "race.js").read_text("utf-8"))
    return Screen(start, stop, notice, chart, table)


class Handlers:
    """Every one answers with an `Update`.

    Args:
        workbench: whose races are run.
        screen: what is shown.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._workbench = workbench
        self._screen = screen

    def start(self, visitor: str, text: str, seconds: float, request: gr.Request) -> Update:
        """Begin a race, and show its start."""

        def race() -> Race:
            races = self._workbench.races
            sample = text if text in TEXTS else TEXTS[0]
            long = seconds if seconds in SECONDS else next(iter(SECONDS))
            return races.start(visitor, races.plan(visitor, sample=sample, seconds=float(long)))

        return self._shown(race, language_of_request(request))

    def stop(self, visitor: str, request: gr.Request) -> Update:
        """End the race that is under way."""

        def race() -> Race | None:
            races = self._workbench.races
            if found := races.newest(visitor):
                races.stop(visitor, found.name)
            return races.newest(visitor)

        return self._shown(race, language_of_request(request))

    def look(self, visitor: str, request: gr.Request) -> Update:
        """The race as it stands now; found again after a reload."""
        return self._shown(lambda: self._workbench.races.newest(visitor), language_of_request(request))

    def _shown(self, work: Callable[[], Race | None], language: Language) -> Update:
        try:
            race = work()
        except UserError as error:
            return {self._screen.notice: _notice(explain(error, language))}
        except Exception:
            return {self._screen.notice: _notice(explain(unexpected("a handler of the race"), language))}
        if race is None:
            return {self._screen.table: ""}
        return {
            self._screen.start: gr.update(visible=not race.under_way),
            self._screen.stop: gr.update(visible=race.under_way),
            self._screen.notice: "",
            self._screen.chart: [chart(race, language)],
            self._screen.table: table(race, language),
        }


def chart(race: Race, language: Language) -> Mapping[str, Any]:
    """The curves of all legs over their seconds: the best thick, the others thin."""
    best = min(race.legs, key=lambda leg: min((bits for _, bits in _points(leg)[-1:]), default=float("inf")))
    series = [
        {
            "name": say(language, f"race.family_{leg.run.family}"),
            "kind": "main" if leg is best else "dotted" if leg.run.family == "vae" else "quiet",
            "digits": 3,
            "points": _points(leg),
        }
        for leg in race.legs
    ]
    return {
        "x": say(language, "race.second"),
        "caption": say(language, "race.caption"),
        "log": True,
        "series": series,
    }


def _points(leg: Leg) -> list[tuple[float, float]]:
    points = [(round(look.seconds, 1), round(look.bits_per_char, 4)) for look in leg.looks]
    if leg.run.state == "done" and leg.run.bits_per_char is not None:
        points.append((round(leg.run.seconds, 1), round(leg.run.bits_per_char, 4)))
    return points


def table(race: Race, language: Language) -> str:
    """One line a family, what it writes, and in the end the lesson."""
    heads = "".join(f'<th class="{css}">{say(language, f"race.{name}")}</th>' for name, css in COLUMNS.items())
    best = race.finished[0] if race.finished else None
    rows = "".join(_row(leg, language, is_best=leg is best) for leg in race.legs)
    lesson = race.lesson(language)
    told = f'<p class="lesson">{escape(lesson)}</p>' if lesson else ""
    return (
        f'<section data-live="{int(race.under_way)}" data-race="{escape(race.name)}"><table class="legs">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{told}"
        f'<p class="why">{say(language, "race.bound")}</p></section>'
    )


def _row(leg: Leg, language: Language, *, is_best: bool) -> str:
    run = leg.run
    bits = run.bits_per_char if run.bits_per_char is not None else leg.looks[-1].bits_per_char if leg.looks else None
    state = "" if run.state == "done" else f" <small>{say(language, f'race.state_{run.state}')}</small>"
    error = f"<br><small>{escape(explain(run.error, language))}</small>" if run.error else ""
    cells = (
        f"{say(language, f'race.family_{run.family}')}{state}{error}",
        f"{run.parameters:,}" if run.parameters else "",
        f"{bits:.3f}" if bits is not None else "",
        f"{run.step:,}" if run.step else "",
        f"{run.tokens_per_second:,.0f}" if run.tokens_per_second else "",
        "<br>".join(escape(" ".join(sample.split())[:SAMPLE_CHARS_MAX]) for sample in leg.samples),
    )
    row = "".join(f'<td class="{css}">{cell}</td>' for css, cell in zip(COLUMNS.values(), cells, strict=True))
    return f'<tr class="{"best" if is_best else ""}" data-family="{run.family}">{row}</tr>'


def _notice(sentence: str) -> str:
    return f'<div class="notice"><p>{escape(sentence)}</p></div>'
