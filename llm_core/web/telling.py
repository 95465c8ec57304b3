"""How far a fetch has come, said in the terminal that the server was started from."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from llm_core.messages import Language, explain, say

if TYPE_CHECKING:
    from llm_core.workbench.fetching import FetchState
    from llm_core.workbench.models import Models

EVERY_S = 1.0
STEPS = 10  # where the output is no terminal but a file: a line for each tenth


def tell(models: Models, language: Language, out: TextIO | None = None) -> threading.Thread:
    """Follow the fetch under way, if there is one, beside whatever the program does."""
    thread = threading.Thread(target=_follow, args=(models, language, out or sys.stderr), name="telling", daemon=True)
    thread.start()
    return thread


def _follow(models: Models, language: Language, out: TextIO) -> None:
    moving, told = out.isatty(), -1
    while (state := models.fetching()) and state.state == "running":
        step = state.done * STEPS // state.total if state.total else 0
        if moving:
            print(f"\r\x1b[K{line(state, language)}", end="", file=out, flush=True)
        elif step > told:
            told = step
            print(line(state, language), file=out, flush=True)
        time.sleep(EVERY_S)
    if state:
        start = "\r\x1b[K" if moving else ""
        print(start + line(state, language), file=out, flush=True)


def line(state: FetchState, language: Language) -> str:
    """One line about a fetch: how far, how fast, how long, or how it ended."""
    name = state.title[language]
    if state.state == "done":
        return say(language, "page.fetched", name=name)
    if state.state == "cancelled":
        return say(language, "page.fetch_cancelled", name=name)
    if state.error:
        return f"{say(language, 'page.fetch_failed', name=name)} {explain(state.error, language)}"
    share = state.done / state.total if state.total else 0.0
    parts = [say(language, "page.fetching", name=name), f"{share:.0%}"]
    parts.append(say(language, "page.fetch_size", size=state.total))
    if state.bytes_per_s:
        parts.append(say(language, "page.fetch_speed", speed=state.bytes_per_s))
    if state.seconds_left is not None:
        parts.append(say(language, "page.fetch_left", t=state.seconds_left))
    return " ".join(parts[:3]) + "".join(("，" if language == "zh" else ", ") + part for part in parts[3:])
