"""Models: what is here, what can be had and from where, in a sheet that the header opens.

Its parts are asked for through server functions, as the header's news are. Nothing leaves this machine before a
person clicks; on a server for others a visitor sees the lists alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from llm_core.catalog.found import Program
from llm_core.catalog.places import KINDS
from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.web import models_parts as parts
from llm_core.web.frame import STATIC, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

TEXT_CHARS_MAX = 500  # of what can be entered
FIELDS = ("name", "variant", *parts.ENTERED, *parts.LOGIN)
Told = dict[str, Any]  # parts: name -> HTML; busy: whether to ask again soon; changed: a model came or went
PROGRAMS = frozenset(get_args(Program))


def build(workbench: Workbench) -> None:
    """The sheet, and what its buttons do."""
    sheet = Sheet(workbench)

    def act(wish: Any, request: gr.Request) -> Told:
        return sheet.act(wish if isinstance(wish, Mapping) else {}, language_of_request(request))

    names = ("told", "under", "here", "to_have", "any", "looked", "found", "sources", "upload")
    inside = "".join(f'<div data-part="{name}"></div>' for name in names)
    template = (
        f'<dialog class="mine models" aria-labelledby="models-title"><header><h2 id="models-title">'
        f'{both("models.sheet")}</h2><button class="quiet" data-act="models-close">{both("models.close")}</button>'
        f"</header>{inside}</dialog>"
    )
    script = (STATIC / "models.js").read_text("utf-8")
    html("", elem_id="models", html_template=template, js_on_load=script, server_functions=[act])


class Sheet:
    """What the sheet shows, and what its buttons do."""

    def __init__(self, workbench: Workbench) -> None:
        self._models = workbench.models
        self._supply = workbench.models.supply
        self._settings = workbench.settings

    def act(self, wish: Mapping[str, Any], language: Language) -> Told:
        """Do what a button says, and tell which parts look different then."""
        text = {name: str(wish.get(name) or "")[:TEXT_CHARS_MAX] for name in FIELDS}
        off = tuple(kind for kind in KINDS if kind in str(wish.get("off") or "").split())
        acts: dict[str, Callable[[], Told]] = {
            "open": lambda: self._opened(language),
            "news": lambda: {"parts": self._lists(language)},
            "get": lambda: self._get(text["name"], text["variant"], language),
            "cancel": lambda: self._cancel(language),
            "remove": lambda: self._remove(text["name"], language),
            "look": lambda: self._look(text["name"], language),
            "found": lambda: self._found(language),
            "use": lambda: self._use(text["name"], language),
            "keep": lambda: self._keep(off, text, language),
            "ask": lambda: self._ask(language),
            "offers": lambda: self._offers(language),
        }
        try:
            told = acts.get(str(wish.get("do")), acts["news"])()
        except UserError as error:
            told = {"parts": {"told": parts.notice(explain(error, language))}}
        except Exception:
            told = {"parts": {"told": parts.notice(explain(unexpected("a handler of Models"), language))}}
        state = self._models.fetching()
        return {"busy": bool(state and state.state == "running"), "changed": False, **told}

    @property
    def _may_fetch(self) -> bool:
        return not self._settings.public

    def _lists(self, language: Language) -> dict[str, str]:
        # Runs are a visitor's own; they stand where they were trained.
        listing = [entry for entry in self._models.listing() if "run" not in entry.sources]
        local = self._settings.is_local
        state = self._models.fetching()
        return {
            "under": parts.under_way(state, language) if state else "",
            "here": parts.here(listing, language, removes=local, programs=PROGRAMS),
            "to_have": parts.to_have(listing, language, self._settings, fetches=self._may_fetch, removes=local),
        }

    def _opened(self, language: Language) -> Told:
        shown = self._lists(language) | {"told": ""}
        if self._settings.is_local:
            shown |= {"any": parts.any_model(self._supply.search(), language), "looked": ""}
            shown |= {"found": parts.found_invitation(language)}
            shown |= {"sources": parts.sources(self._supply.places(), self._settings, None, language)}
        shown |= {"upload": parts.upload(language) if self._settings.weights_upload else ""}
        return {"parts": shown}

    def _get(self, name: str, variant: str, language: Language) -> Told:
        if not self._may_fetch:
            raise UserError("fetch_public")
        if self._supply.is_outside(name):
            self._supply.check_local()
        self._models.start_fetch(f"{name}:{variant}" if variant else name)
        return {"parts": self._lists(language) | {"looked": "", "told": ""}, "changed": True}

    def _cancel(self, language: Language) -> Told:
        if not self._may_fetch:
            raise UserError("fetch_public")
        self._models.cancel_fetch()
        return {"parts": self._lists(language), "changed": True}

    def _remove(self, name: str, language: Language) -> Told:
        self._supply.check_local()
        entry = self._models.find(name)
        freed = self._models.remove(entry.id)
        key = "models.let_go_done" if PROGRAMS & set(entry.sources) else "models.removed"
        told = parts.status(say(language, key, name=entry.title[language], size=freed))
        return {"parts": self._lists(language) | {"told": told}, "changed": True}

    def _look(self, name: str, language: Language) -> Told:
        self._supply.check_local()
        return {"parts": {"looked": parts.looked([self._supply.look(name)], language), "told": ""}}

    def _found(self, language: Language) -> Told:
        self._supply.check_local()
        return {"parts": {"found": parts.found(self._supply.found(), language), "told": ""}}

    def _use(self, name: str, language: Language) -> Told:
        self._supply.check_local()
        taken = self._supply.adopt(name)
        told = parts.status(say(language, "models.used", name=taken.id))
        shown = {"found": parts.found(self._supply.found(), language), "told": told}
        return {"parts": self._lists(language) | shown, "changed": True}

    def _keep(self, off: tuple[str, ...], text: Mapping[str, str], language: Language) -> Told:
        self._supply.check_local()
        places = self._supply.keep_places(
            off=off, **{name: text[name].strip() for name in (*parts.ENTERED, *parts.LOGIN)}
        )
        told = parts.status(say(language, "models.kept"))
        return {"parts": {"sources": parts.sources(places, self._settings, None, language), "told": told}}

    def _ask(self, language: Language) -> Told:
        self._supply.check_local()
        if self._settings.offline:
            raise UserError("offline", name="recommended")
        ranking = self._supply.ask("recommended")
        return {"parts": {"sources": parts.sources(self._supply.places(), self._settings, ranking, language)}}

    def _offers(self, language: Language) -> Told:
        self._supply.check_local()
        offered = self._supply.offers()
        shown = parts.looked(offered, language) if offered else parts.status(say(language, "models.offers_none"))
        return {"parts": {"looked": shown, "told": ""}}
