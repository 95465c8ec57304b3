"""The header: name, the model that answers, the model that is being fetched, language, light and dark.

It asks for its own news (static/header.js) through server functions, which pass by Gradio's queue: a visitor who only
looks costs next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.messages import Language, explain, say
from llm_core.web.frame import STATIC, escape, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.fetching import FetchState

ACTIONS = frozenset({"get", "resume", "cancel"})
_MOON = (
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle cx="10" cy="10" r="7.25" fill="none" '
    'stroke="currentColor" stroke-width="1.5"/><path d="M10 2.75a7.25 7.25 0 0 1 0 14.5z" fill="currentColor"/></svg>'
)


def build(workbench: Workbench) -> gr.HTML:
    """The header. `models_changed` fires when a model came or went."""
    status = Status(workbench)

    def news(_: Any, request: gr.Request) -> dict[str, Any]:
        return status.news(language_of_request(request))

    def act(wish: Any, request: gr.Request) -> dict[str, Any]:
        language = language_of_request(request)
        error = status.act(wish)
        return status.news(language) | {"error": explain(error, language) if error else ""}

    return html(
        "",
        css_class="head",
        elem_id="head",
        html_template=_template(),
        js_on_load=(STATIC / "header.js").read_text("utf-8"),
        server_functions=[news, act],
    )


@dataclass(frozen=True)
class Status:
    """What the header says of the models, and what its buttons do."""

    workbench: Workbench

    def news(self, language: Language) -> dict[str, Any]:
        """The status as HTML, whether to ask again soon, and a mark that changes when a model came or went."""
        state = self.workbench.models.fetching()
        here, chip = self._chip(language)
        settings = self.workbench.settings
        if settings.public:
            chip += f'<div class="public">{say(language, "page.public")}</div>'
        fetching = state is not None and state.state == "running"
        strip = _strip(state, language) if state and state.state != "done" else ""
        if not here and not strip and not settings.offline and not settings.public:
            strip = _button("get", "page.get", language)
        mark = f"{here} {state.id}" if state and state.state == "done" else here  # any model that came counts
        return {"html": chip + (f'<div class="fetch">{strip}</div>' if strip else ""), "busy": fetching, "mark": mark}

    def act(self, wish: Any) -> UserError | None:
        """Do what a button of ours says: fetch a model, go on with it, or stop."""
        action, name = str(wish.get("act")), str(wish.get("name") or "recommended")
        if self.workbench.settings.public:
            return UserError("fetch_public")
        try:
            if action == "cancel":
                self.workbench.models.cancel_fetch()
            elif action in ACTIONS:
                if self.workbench.models.supply.is_outside(name):
                    self.workbench.models.supply.check_local()
                self.workbench.models.start_fetch(name)
        except UserError as error:
            return error
        return None

    def _chip(self, language: Language) -> tuple[str, str]:
        try:
            model = self.workbench.models.choice("chat").entry
        except UserError as error:
            return "", f'<div class="chip">{escape(explain(error, language))}</div>'
        if model.path is None:
            return "", f'<div class="chip">{say(language, "page.no_model")}</div>'
        away = model.served and not model.served.is_here
        here = "place" if self.workbench.settings.is_local else "server"
        place = say(language, f"page.chip_{'away' if away else here}")
        return model.id, f'<div class="chip"><b>{escape(model.title[language])}</b> <span>{place}</span></div>'


def _strip(state: FetchState, language: Language) -> str:
    name = escape(state.title[language])
    if state.state == "cancelled":
        return f"<span>{say(language, 'page.fetch_cancelled', name=name)}</span>" + _button(
            "resume", "page.resume", language, state.id
        )
    if state.error:
        reason = escape(explain(state.error, language))
        failed = (
            f'<span class="reason" title="{reason}">{say(language, "page.fetch_failed", name=name)} {reason}</span>'
        )
        return failed + _button("resume", "page.resume", language, state.id)
    share = state.done / state.total if state.total else 0.0
    figures = [f'<span class="size">{say(language, "page.fetch_size", size=state.total)}</span>']
    if state.bytes_per_s:
        figures.append(f'<span class="speed">{say(language, "page.fetch_speed", speed=state.bytes_per_s)}</span>')
    if state.seconds_left is not None:
        figures.append(f'<span class="left">{say(language, "page.fetch_left", t=state.seconds_left)}</span>')
    return (
        f"<span>{say(language, 'page.fetching', name=name)} <b>{share:.0%}</b></span>{''.join(figures)}"
        f'{_button("cancel", "page.cancel", language)}<i style="--w:{share:.4f}"></i>'
    )


def _button(act: str, label: str, language: Language, name: str = "") -> str:
    return f'<button class="quiet" data-act="{act}" data-name="{escape(name)}">{say(language, label)}</button>'


def _template() -> str:
    """The header around its status, the same for all visitors."""
    theme = f"{say('zh', 'page.theme_label')} {say('en', 'page.theme_label')}"
    return (
        f'<header class="bar"><p class="name">{both("page.name")}</p>'
        f'<div class="status"><div class="lost" role="alert">{both("page.lost")}</div>${{value}}</div>'
        f'<button class="switch" data-act="models">{both("models.sheet")}</button>'
        f'<button class="switch" data-act="mine"><span class="mine-open">{both("page.mine")}</span>'
        f'<span class="mine-locked">{both("page.mine_locked")}</span></button>'
        f'<button class="switch" data-act="language">{both("page.language")}</button>'
        f'<button class="switch icon" data-act="theme" aria-label="{theme}">{_MOON}</button></header>'
    )
