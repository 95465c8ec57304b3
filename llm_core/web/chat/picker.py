"""The models in the margin: what answers and why, what is here, what can be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_core.errors import UserError
from llm_core.messages import Language, explain, say, write_bytes
from llm_core.web.chat import servers
from llm_core.web.frame import escape

if TYPE_CHECKING:
    from llm_core.catalog.listing import Entry
    from llm_core.workbench.models import Models

BY_ITSELF = ""  # the value of the menu that leaves the choice to the workbench
WRITING = frozenset({"chat", "continue"})  # for a conversation
INSTRUCTED = frozenset({"chat"})  # for what takes a model that does as it is told
SPOKEN_LANGUAGES = ("zh", "en")
SCORES = ("requests", "tokens_per_s")  # of those in the catalog, what matters for a conversation


def choices(
    models: Models, language: Language, visitor: str = "", tasks: frozenset[str] = WRITING, task: str = "chat"
) -> list[tuple[str, str]]:
    """The menu: the workbench's choice for `task`, then every model here for the visitor that does one of `tasks`."""
    try:
        name = models.choice(task).entry.title[language]
    except UserError:
        name = "?"
    usable = [
        entry for entry in models.listing(visitor) if (entry.usable or entry.translates) and tasks & set(entry.tasks)
    ]
    here = [(entry.title[language], entry.id) for entry in usable]
    return [(say(language, "chat.automatic", name=name), BY_ITSELF), *here]


def facts(models: Models, picked: str, language: Language, visitor: str = "") -> str:
    """The model that would answer: size, licence, languages, scores, and why it is taken."""
    try:
        choice = models.choice("chat", picked or None, visitor)
    except UserError as error:
        return f'<div class="notice"><p>{escape(explain(error, language))}</p></div>'
    if choice.entry.served:
        own = models.may_enter_servers() and not choice.entry.served.from_settings
        return servers.facts(choice.entry.served, language, forget=choice.entry.id if own else "")
    why = say(language, choice.reason, **choice.facts)
    limits = choice.entry.limits.get(language, "")
    get = "" if choice.entry.path else _get(choice.entry, models, language)
    return (
        f"{_table(choice.entry, language, _runs_on(choice.entry, models, language))}"
        f'<p class="why">{escape(why)} {escape(limits)}</p>{_build(models, language)}{get}'
        f"{_others(models.listing(), choice.entry.id, models, language)}"
    )


def _others(listing: Sequence[Entry], taken: str, models: Models, language: Language) -> str:
    """Models that can be had, each with what there is to know before fetching it."""
    absent = [entry for entry in listing if entry.path is None and entry.id != taken]
    if not absent:
        return ""
    items = "".join(
        f"<li><p><b>{escape(entry.title[language])}</b>{_get(entry, models, language)}</p>"
        f'{_table(entry, language)}<p class="why">{escape(entry.limits.get(language, ""))}</p></li>'
        for entry in absent
    )
    label = say(language, "chat.others")
    return f'<details class="others"><summary>{label} <b>{len(absent)}</b></summary><ul>{items}</ul></details>'


def _runs_on(entry: Entry, models: Models, language: Language) -> str:
    """Engine and device, of a model that is here."""
    place = models.place(entry) if entry.path else None
    runtime = "llama.cpp" if place and place.runtime == "llama.cpp" else "Transformers"
    return say(language, f"doctor.on_{place.device}", runtime=runtime) if place else ""


def _build(models: Models, language: Language) -> str:
    """What would make this computer's card compute, where something is missing for that."""
    command = models.build_for_card()
    told = say(language, "doctor.binding_without_gpu", command=command) if command else ""
    return f'<p class="why">{escape(told)}</p>' if told else ""


def _table(entry: Entry, language: Language, runs_on: str = "") -> str:
    size = write_bytes(entry.bytes) + (f", {_parameters(entry.parameters)}" if entry.parameters else "")
    rows = [("chat.size", size), ("chat.licence", entry.licence), ("chat.reads", _languages(entry, language))]
    rows += [(f"chat.score_{name}", _score(entry.scores[name])) for name in SCORES if name in entry.scores]
    rows.append(("chat.runs_on", runs_on))
    filled = "".join(
        f"<div><dt>{say(language, key)}</dt><dd>{escape(value)}</dd></div>" for key, value in rows if value
    )
    return f'<dl class="facts">{filled}</dl>'


def _get(entry: Entry, models: Models, language: Language) -> str:
    fetching = models.fetching()
    if fetching and fetching.state == "running":
        return ""
    kept = say(language, "chat.kept", size=entry.fetched_bytes) if entry.fetched_bytes else ""
    label = say(language, "page.resume" if entry.fetched_bytes else "page.get")
    button = f'<button class="quiet" data-act="get" data-name="{escape(entry.id)}">{label}</button>'
    return f'<span class="get">{button} <small>{kept}</small></span>'


def _languages(entry: Entry, language: Language) -> str:
    named = [say(language, f"chat.language_{name}") for name in SPOKEN_LANGUAGES if name in entry.languages]
    more = [say(language, "chat.and_more")] if set(entry.languages) - set(SPOKEN_LANGUAGES) else []
    return ("、" if language == "zh" else ", ").join(named + more)


def _parameters(n: int) -> str:
    return f"{n / 1e9:.2f} B"


def _score(value: float) -> str:
    return f"{value:.0%}" if value <= 1 else f"{value:g}"
