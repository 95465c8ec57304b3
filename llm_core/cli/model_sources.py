"""`models search`, `look`, `found`, `sources`, `offers` and `pack`: where models come from, and where they can go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_core import machine
from llm_core.catalog.places import KINDS, Places
from llm_core.catalog.rank import Ranking
from llm_core.catalog.repository import Repository, Variant
from llm_core.cli import columns, session, streams
from llm_core.cli.commands import Command
from llm_core.errors import UserError
from llm_core.events import Done
from llm_core.messages import Language, explain, say, system_language, write_bytes

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


def add_to(app: typer.Typer) -> None:
    """The commands below `models`."""
    for function in (search, look, found, sources, offers, pack):
        app.command(function.__name__, cls=Command, help=f"models_{function.__name__}_help")(function)


def search(
    words: Annotated[list[str] | None, typer.Argument(help="models_search_words", metavar="WORD")] = None,
) -> None:
    """The short catalogue."""
    language = system_language()
    with session.opened() as workbench:
        picks = workbench.models.supply.search(" ".join(words or ()))
    rows = [say(language, "cli.models_search_columns").split("|")]
    for pick in picks:
        purpose = say(language, f"models.for_{pick.purpose}")
        rows.append([pick.id, purpose, pick.size, pick.licence or "?", " ".join(pick.languages)])
    print("\n".join([*columns.table(rows), "", say(language, "cli.models_search_next")]))


def look(name: Annotated[str | None, typer.Argument(help="models_look_name", metavar="ID")] = None) -> None:
    """What a repository holds."""
    if not name:
        raise UserError("value_missing", name="ID")
    with session.opened() as workbench:
        _print_repository(workbench.models.supply.look(name), system_language())


def found(use: Annotated[str | None, typer.Option("--use", help="models_found_use", metavar="NAME")] = None) -> None:
    """Models of other programs on this disk."""
    language = system_language()
    with session.opened() as workbench:
        supply = workbench.models.supply
        if use:
            taken = supply.adopt(use)
            print(say(language, "cli.models_used", name=taken.id, path=str(taken.path)))
            return
        models = supply.found()
    if not models:
        print(say(language, "cli.models_found_none"))
        return
    rows = [say(language, "cli.models_found_columns").split("|")]
    for model in models:
        program, wrong = say(language, f"models.source_{model.program}"), model.problem
        reason = explain(wrong, language) if wrong else ""
        rows.append([model.id, program, write_bytes(model.bytes), model.architecture, reason])
    print("\n".join(columns.table(rows, right=[2])))


def sources(
    only: Annotated[str | None, typer.Option("--only", help="models_sources_only", metavar="KINDS")] = None,
    peer: Annotated[str | None, typer.Option("--peer", help="models_sources_peer", metavar="ADDRESS")] = None,
    name: Annotated[str | None, typer.Option("--peer-name", help="models_sources_name", metavar="NAME")] = None,
    mirror: Annotated[str | None, typer.Option("--mirror", help="models_sources_mirror", metavar="URL")] = None,
    folder: Annotated[str | None, typer.Option("--folder", help="models_sources_folder", metavar="DIR")] = None,
    ask: Annotated[str | None, typer.Option("--ask", help="models_sources_ask", metavar="NAME")] = None,
) -> None:
    """What may be asked; choose, and ask."""
    given = {"peer": peer, "mirror": mirror, "folder": folder, "off": _off(only)}
    if name is not None:
        given |= {"peer_name": name, "peer_password": streams.read_secret("cli.peer_password") if name else ""}
    changes = {field: value for field, value in given.items() if value is not None}
    with session.opened() as workbench:
        supply = workbench.models.supply
        chosen = supply.keep_places(**changes) if changes else supply.places()
        ranking = supply.ask(ask) if ask else None
        where = {"hub": workbench.settings.hub_endpoint, "modelscope": workbench.settings.modelscope_endpoint}
    print("\n".join(_sources_table(chosen, where, ranking, system_language())))


def offers() -> None:
    """What the chosen folder and workbench hold beyond the catalog."""
    language = system_language()
    with session.opened() as workbench:
        offered = workbench.models.supply.offers()
    for repository in offered:
        _print_repository(repository, language)


def pack(
    folder: Annotated[str | None, typer.Argument(help="models_pack_folder", metavar="DIR")] = None,
    names: Annotated[list[str] | None, typer.Argument(help="models_pack_names", metavar="NAME")] = None,
    no_wheels: Annotated[bool, typer.Option("--no-wheels", help="models_pack_no_wheels")] = False,
) -> None:
    """A folder to start from without a network."""
    if not folder:
        raise UserError("value_missing", name="DIR")
    with session.opened() as workbench:
        line = session.progress_line()
        for event in workbench.exports.pack(Path(folder), names or (), wheels=not no_wheels):
            line.show(event)
            if isinstance(event, Done):
                line.clear()
                got = event.result
                facts = {"path": got.folder, "models": len(got.models), "size": got.bytes, "wheels": got.wheels}
                print(say(system_language(), "cli.models_packed", **facts))


def taking(workbench: Workbench, name: str) -> None:
    """Before a model from outside the catalog is fetched: how large it is, its licence, what it needs; on stderr."""
    supply = workbench.models.supply
    if not supply.is_outside(name):
        try:
            workbench.models.find(name)
        except UserError as error:
            if error.code == "model_unknown":  # the chosen folder or workbench may hold it
                _say_offered(supply.offers(), name)
        return
    if not supply.wanted(name):
        base, _, variant = name.partition(":") if "://" not in name else (name, "", "")
        repository = supply.look(base)
        _say_taking(repository, repository.variant(variant))


def _say_offered(offered: list[Repository], name: str) -> None:
    for repository in offered:
        if repository.id == name:
            _say_taking(repository, repository.variants[0])


def _say_taking(repository: Repository, variant: Variant) -> None:
    language = system_language()
    licence = repository.licence or say(language, "cli.models_no_licence")
    sentence = say(
        language, "cli.models_taking", name=repository.id, variant=variant.name, size=variant.bytes, licence=licence,
        memory=variant.memory_bytes, has=machine.memory_bytes(),
    )  # fmt: skip
    print(sentence, file=sys.stderr)


def _print_repository(repository: Repository, language: Language) -> None:
    licence = repository.licence or say(language, "cli.models_no_licence")
    source = say(language, f"models.source_{repository.source}")
    print(say(language, "cli.models_look_about", name=repository.id, licence=licence, source=source))
    rows = [say(language, "cli.models_look_columns").split("|")]
    for variant in repository.variants:
        rows.append([variant.name, write_bytes(variant.bytes), write_bytes(variant.memory_bytes)])
    print("\n".join(columns.table(rows, right=[1, 2])))
    print(say(language, "cli.models_look_next", name=repository.id), end="\n\n")


def _off(only: str | None) -> tuple[str, ...] | None:
    if only is None:
        return None
    named = set(only.replace(",", " ").split())
    if unknown := named - {*KINDS, "all"}:
        raise UserError("source_kind_unknown", name=min(unknown)[:40], known=", ".join(KINDS))
    return () if "all" in named else tuple(kind for kind in KINDS if kind not in named)


def _sources_table(chosen: Places, where: dict[str, str], ranking: Ranking | None, language: Language) -> list[str]:
    named = {"peer": chosen.peer, "mirror": chosen.mirror, "folder": chosen.folder}
    rows = [say(language, "cli.models_sources_columns").split("|")]
    for kind in KINDS:
        on, off = "cli.models_source_on", "cli.models_source_off"
        state = off if kind in chosen.off else on if chosen.asks(kind) else "cli.models_source_unnamed"
        place = named.get(kind) or where.get(kind, "")
        label, answer = say(language, f"models.source_{kind}"), _answer(kind, ranking, language)
        rows.append([f"{label} ({kind})", say(language, state), place, answer])
    return columns.table(rows)


def _answer(kind: str, ranking: Ranking | None, language: Language) -> str:
    if ranking is None:
        return ""
    if kind in ranking.seconds:
        return say(language, "cli.models_source_seconds", t=ranking.seconds[kind])
    if kind in ranking.silent:
        return say(language, "cli.models_source_silent")
    return say(language, "cli.models_source_refused") if kind in ranking.refused else ""
