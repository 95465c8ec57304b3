"""`race`: four families of equal size train in turn, equally long; one table and one sentence at the end."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from llm_core.cli import session
from llm_core.cli.columns import table
from llm_core.cli.commands import command
from llm_core.events import Progress
from llm_core.messages import say, system_language

if TYPE_CHECKING:
    from llm_core.workbench.races import Race, Races

LOOK_S = 0.5
END_S = 60.0  # the longest that ending early may take
INTERRUPTED = 130
FIGURES = ("name", "family", "state", "parameters", "step", "bits_per_char", "seconds", "tokens_per_second")
SAMPLE_CHARS = 70


def race(
    seconds: Annotated[float, typer.Option("--seconds", help="race_seconds", metavar="S", min=1)] = 60,
    sample: Annotated[str, typer.Option("--sample", help="race_sample", metavar="NAME")] = "stories-en",
    parameters: Annotated[int, typer.Option("--parameters", help="race_parameters", metavar="N", min=1000)] = 300_000,
    as_json: Annotated[bool, typer.Option("--json", help="race_json")] = False,
) -> None:
    """See messages/cli.toml."""
    with session.opened() as workbench:
        races = workbench.races
        legs = races.plan("", sample=sample, seconds=seconds, parameters=parameters)
        begun = races.start("", legs, follows=os.getpid())
        ended = _watched(races, begun)
    _print(ended, as_json)
    if failed := [leg.run.error for leg in ended.legs if leg.run.error]:
        raise failed[0]
    if not ended.finished:
        raise typer.Exit(INTERRUPTED)


def _watched(races: Races, race: Race) -> Race:
    """Show how far it is; Ctrl-C ends it early and keeps what is there."""
    line = session.progress_line()
    try:
        while race.under_way:
            for place, leg in enumerate(race.legs):
                if leg.run.state in ("preparing", "training"):
                    line.show(Progress("racing", place + 1, len(race.legs), "legs"))
            time.sleep(LOOK_S)
            race = races.get("", race.name)
    except KeyboardInterrupt:
        races.stop("", race.name)
        until = time.monotonic() + END_S
        while (race := races.get("", race.name)).under_way and time.monotonic() < until:
            time.sleep(LOOK_S)
    finally:
        line.clear()
    return race


def _print(race: Race, as_json: bool) -> None:
    language = system_language()
    lesson = race.lesson(language)
    if as_json:
        legs = [{name: getattr(leg.run, name) for name in FIGURES} | {"samples": leg.samples} for leg in race.legs]
        print(json.dumps({"race": race.name, "legs": legs, "lesson": lesson}, ensure_ascii=False), flush=True)
        return
    heads = [say(language, f"race.{name}") for name in ("family", "parameters", "bits", "updates", "speed")]
    rows = [
        [
            say(language, f"race.family_{leg.run.family}"),
            f"{leg.run.parameters:,}",
            f"{leg.run.bits_per_char:.3f}" if leg.run.bits_per_char is not None else "-",
            f"{leg.run.step:,}",
            f"{leg.run.tokens_per_second or 0:,.0f}",
        ]
        for leg in race.legs
    ]
    print("\n".join(table([heads, *rows], right=range(1, len(heads)))))
    for leg in race.legs:
        for sample in leg.samples:
            print(f"  {say(language, f'race.family_{leg.run.family}')}: {' '.join(sample.split())[:SAMPLE_CHARS]}")
    if lesson:
        print(f"\n{lesson}")
    sys.stdout.flush()


app = command(race, "race")
