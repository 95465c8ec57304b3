"""How the parts of the Models sheet look, as HTML: lists, what was looked up, the sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING

from llm_core import machine
from llm_core.catalog import measured
from llm_core.catalog.places import KINDS, Places
from llm_core.errors import UserError
from llm_core.messages import Language, explain, say, write_bytes
from llm_core.web.frame import escape

if TYPE_CHECKING:
    from llm_core.catalog.found import Found
    from llm_core.catalog.listing import Entry
    from llm_core.catalog.rank import Ranking
    from llm_core.catalog.repository import Repository
    from llm_core.catalog.shelf import Pick
    from llm_core.settings import Settings
    from llm_core.workbench.fetching import FetchState

ENTERED = ("peer", "mirror", "folder")  # what a person can enter of the sources
LOGIN = ("peer_name", "peer_password")
EXAMPLES = {"peer": "192.168.1.20", "mirror": "https://…", "folder": "/media/usb"}
VARIANTS_SHOWN = 12


def notice(sentence: str) -> str:
    """What went wrong."""
    return f'<div class="notice" role="alert"><p>{escape(sentence)}</p></div>'


def status(sentence: str) -> str:
    """What was done."""
    return f'<p class="why" role="status">{escape(sentence)}</p>'


def under_way(state: FetchState, language: Language) -> str:
    """The fetch under way, or how the last one ended."""
    name = state.title[language]
    if state.state == "done":
        return status(say(language, "page.fetched", name=name))
    if state.error:
        return notice(f"{say(language, 'page.fetch_failed', name=name)} {explain(state.error, language)}")
    if state.state == "cancelled":
        return status(say(language, "page.fetch_cancelled", name=name))
    share = state.done / state.total if state.total else 0.0
    figures = [f"<b>{share:.0%}</b>", say(language, "page.fetch_size", size=state.total)]
    figures += [say(language, "page.fetch_speed", speed=state.bytes_per_s)] if state.bytes_per_s else []
    left = state.seconds_left
    figures += [say(language, "page.fetch_left", t=left)] if left is not None else []
    return (
        f'<section class="under" role="status"><p>{escape(say(language, "page.fetching", name=name))} '
        f"{' · '.join(figures)}</p>{_button('cancel', 'page.cancel', language)}"
        f'<i style="--w:{share:.4f}"></i></section>'
    )


def here(listing: Iterable[Entry], language: Language, *, removes: bool, programs: Set[str]) -> str:
    """Models whose files are on this computer."""
    rows = []
    for entry in listing:
        if entry.path is None or "server" in entry.sources:
            continue
        elsewhere = bool(programs & set(entry.sources))
        facts = _facts_here(entry, language)
        if entry.problem and "bundled" not in entry.sources:
            facts += f'<span class="fault">{escape(explain(entry.problem, language))}</span>'
        act = ""
        if removes and "bundled" not in entry.sources:
            sure = "" if elsewhere else escape(say(language, "models.remove_sure"))
            act = _button("remove", "models.let_go" if elsewhere else "models.remove", language, entry.id, sure=sure)
        rows.append(_row(entry.title[language], facts, act))
    inside = "".join(rows) or f'<p class="why">{say(language, "models.nothing_here")}</p>'
    return _section("models.here", f"<ul>{inside}</ul>", language)


def to_have(listing: Iterable[Entry], language: Language, settings: Settings, *, fetches: bool, removes: bool) -> str:
    """Recommended models that are not here, and others that were begun."""
    memory = machine.memory_bytes()
    rows = []
    for entry in listing:
        if entry.path is not None:
            continue
        act = ""
        if fetches and entry.state == "can_be_had":
            act = _button("get", "page.resume" if entry.fetched_bytes else "page.get", language, entry.id)
        if removes and entry.fetched_bytes and entry.state == "can_be_had":
            sure = escape(say(language, "models.remove_sure"))
            act = _button("remove", "models.remove", language, entry.id, sure=sure) + act
        rows.append(_row(entry.title[language], _facts_to_have(entry, memory, language), act))
    if not rows:
        return ""
    disk = machine.free_disk_bytes(settings.paths.models)
    about = f'<p class="why">{say(language, "models.this_machine", memory=memory, disk=disk)}</p>'
    return _section("models.to_have", f"{about}<ul>{''.join(rows)}</ul>", language)


def any_model(picks: Sequence[Pick], language: Language) -> str:
    """The field for any id, and the short catalogue."""
    rows = []
    for pick in picks:
        purpose = say(language, f"models.for_{pick.purpose}")
        facts = [say(language, "models.shelf_about", purpose=purpose, size=pick.size)]
        facts += [escape(pick.licence)] if pick.licence else []
        facts += [say(language, "models.unsure")] if pick.unsure else []
        rows.append(
            _row(pick.id, f"<span>{' · '.join(facts)}</span>", _button("look", "models.look", language, pick.id))
        )
    return _section(
        "models.any",
        f'<p class="why">{say(language, "models.any_why")}</p><form data-do="look"><label>'
        f'{say(language, "models.any_id")}<input name="name" required spellcheck="false" autocapitalize="none" '
        f'autocomplete="off" placeholder="Qwen/Qwen3-0.6B-GGUF"></label><button class="plain">'
        f"{say(language, 'models.look')}</button></form><details><summary>{say(language, 'models.shelf')}</summary>"
        f"<ul>{''.join(rows)}</ul></details>",
        language,
    )


def looked(repositories: Sequence[Repository], language: Language) -> str:
    """What was looked up: each way to take it, with size and need of memory, before anything is fetched."""
    memory = machine.memory_bytes()
    blocks = []
    for repository in repositories:
        licence = repository.licence or say(language, "models.no_licence")
        source = say(language, f"models.source_{repository.source}")
        title = say(language, "models.looked", name=repository.id, licence=licence, source=source)
        rows = []
        for variant in repository.variants[:VARIANTS_SHOWN]:
            facts = say(language, "models.variant_facts", size=variant.bytes, memory=variant.memory_bytes)
            large = f' <span class="doubt">{say(language, "models.too_large")}</span>'
            facts = f"<span>{facts}</span>{large if variant.memory_bytes > memory else ''}"
            get = _button("get", "page.get", language, repository.id, variant=variant.name)
            rows.append(_row(variant.name, facts, get))
        blocks.append(f"<h4>{escape(title)}</h4><ul>{''.join(rows)}</ul>")
    return f'<section class="looked" role="status">{"".join(blocks)}</section>'


def found_invitation(language: Language) -> str:
    """Before this disk was looked at."""
    button = f'<button class="plain" data-do="found">{say(language, "models.found_look")}</button>'
    return _section("models.found", f'<p class="why">{say(language, "models.found_why")}</p>{button}', language)


def found(models: Sequence[Found], language: Language) -> str:
    """Models of other programs."""
    rows = []
    for model in models:
        source = say(language, f"models.source_{model.program}")
        kind = f"{source} · {model.architecture}" if model.architecture else source
        facts = f"<span>{write_bytes(model.bytes)} · {escape(kind)}</span>"
        if model.problem:
            wrong = UserError(model.problem.code, **{**model.problem.facts, "path": model.id})
            facts += f'<span class="fault">{escape(explain(wrong, language))}</span>'
        act = "" if model.problem else _button("use", "models.use", language, model.id)
        rows.append(_row(model.id, facts, act))
    inside = f"<ul>{''.join(rows)}</ul>" if rows else f'<p class="why">{say(language, "models.found_none")}</p>'
    return _section("models.found", f'<p class="why">{say(language, "models.found_why")}</p>{inside}', language)


def sources(places: Places, settings: Settings, ranking: Ranking | None, language: Language) -> str:
    """Which sources are asked, what was entered for them, and what they answered."""
    where = {"hub": settings.hub_endpoint, "modelscope": settings.modelscope_endpoint}
    rows = []
    for kind in KINDS:
        value = {"peer": places.peer, "mirror": places.mirror, "folder": places.folder}.get(kind)
        label = say(language, f"models.{kind}_label" if kind in ENTERED else f"models.source_{kind}")
        entered = (
            f'<input name="{kind}" value="{escape(value or "")}" aria-label="{label}" spellcheck="false" '
            f'autocapitalize="none" autocomplete="off" placeholder="{EXAMPLES[kind]}">'
            if kind in ENTERED else f"<span>{escape(where.get(kind, ''))}</span>"
        )  # fmt: skip
        entered += _login(places, language) if kind == "peer" else ""
        ticked = "" if kind in places.off else " checked"
        answer = f"<small>{escape(_answer(kind, ranking, language))}</small>" if ranking else ""
        rows.append(
            f'<li><label class="tick"><input type="checkbox" data-kind="{kind}"{ticked}>{label}</label>'
            f"{entered}{answer}</li>"
        )
    ask = f'<button type="button" class="quiet" data-do="ask">{say(language, "models.ask")}</button>'
    offers = f'<button type="button" class="quiet" data-do="offers">{say(language, "models.offers")}</button>'
    return _section(
        "models.sources_title",
        f'<p class="why">{say(language, "models.sources_why")}</p><form data-do="keep"><ul class="places">'
        f'{"".join(rows)}</ul><p class="acts"><button class="plain">{say(language, "models.keep")}</button>{ask}'
        f"{offers}</p></form>",
        language,
    )


def _login(places: Places, language: Language) -> str:
    """Who one is at another workbench. The password goes in and never comes out."""
    name, password = (say(language, f"models.peer_{field}") for field in ("name", "password"))
    kept = say(language, "models.peer_password_kept") if places.peer_password else password
    return (
        f'<span class="login"><input name="peer_name" value="{escape(places.peer_name)}" aria-label="{name}" '
        f'placeholder="{name}" spellcheck="false" autocapitalize="none" autocomplete="off">'
        f'<input name="peer_password" type="password" aria-label="{password}" placeholder="{kept}" '
        'autocomplete="new-password"></span>'
    )


def upload(language: Language) -> str:
    """The field for a file of one's own."""
    label = say(language, "models.upload")
    return _section("models.upload", f'<input type="file" accept=".gguf" aria-label="{label}">', language)


def _answer(kind: str, ranking: Ranking | None, language: Language) -> str:
    if ranking is None:
        return ""
    if kind in ranking.seconds:
        return say(language, "models.answers_in", t=ranking.seconds[kind])
    if kind in ranking.refused:
        return say(language, "models.answers_not")
    return say(language, "models.answers_silent") if kind in ranking.silent else ""


def _facts_here(entry: Entry, language: Language) -> str:
    source = say(language, f"models.source_{entry.sources[0]}") if entry.sources else ""
    licence = entry.licence or say(language, "models.no_licence")
    facts = [say(language, "models.facts_here", size=entry.bytes, licence=licence, source=source)]
    if "bundled" in entry.sources:  # others say what they cannot do where they can be had
        facts += [measured.told(entry.measured, language), entry.limits.get(language, "")]
    return "".join(f"<span>{escape(fact)}</span>" for fact in facts if fact)


def _facts_to_have(entry: Entry, memory: int, language: Language) -> str:
    need = entry.recommended.memory_bytes if entry.recommended else entry.bytes * 3 // 2
    licence = entry.licence or say(language, "models.no_licence")
    facts = f"<span>{escape(say(language, 'models.facts', size=entry.bytes, licence=licence, memory=need))}</span>"
    if need > memory:
        facts += f' <span class="doubt">{say(language, "models.too_large")}</span>'
    if entry.fetched_bytes:
        facts += f" <span>{say(language, 'models.begun', done=entry.fetched_bytes, size=entry.bytes)}</span>"
    limits = entry.limits.get(language, "")
    return facts + (f"<span>{escape(limits)}</span>" if limits else "")


def _row(title: str, facts: str, act: str) -> str:
    return f'<li><div><b>{escape(title)}</b>{facts}</div><span class="do">{act}</span></li>'


def _button(do: str, label: str, language: Language, name: str = "", *, variant: str = "", sure: str = "") -> str:
    more = f' data-variant="{escape(variant)}"' if variant else ""
    more += f' data-confirm="{sure}"' if sure else ""
    named = f' data-name="{escape(name)}"' if name else ""
    return f'<button class="quiet" data-do="{do}"{named}{more}>{say(language, label)}</button>'


def _section(title: str, inside: str, language: Language) -> str:
    return f"<section><h3>{say(language, title)}</h3>{inside}</section>"
