"""The child process in which a file is parsed: `python worker.py`, so that a hostile one can only bring down itself.

It reads one line of JSON from stdin (`Order`) and answers in lines of JSON on stdout: `{"progress": [done, total]}`,
then `{"result": {...}}` or `{"error": {code, facts}}`; a result of bytes follows its line, `{"bytes": length}`. It
ends when stdin closes: that happens when its parent ends, however it ends. Only what the format needs is loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any, TypedDict


class Order(TypedDict):
    """What the child is told."""

    root: str  # the folder that holds llm_core
    work: str  # "read" or "rewrite"
    path: str  # of the file
    name: str  # as the person knows it
    limits: dict[str, Any]  # of reading.Limits
    texts: dict[str, str]  # of rewrite: block -> its new text


def main() -> None:
    """Do what is ordered, once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the children too; it is the parent's
    order: Order = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # native code may print: only our lines go to stdout
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(order["limits"])
    sys.path.insert(0, order["root"])
    from llm_core.errors import UserError

    try:
        _work(order, answers)
    except UserError as error:
        _say(answers, error={"code": error.code, "facts": error.facts})
    except (MemoryError, RecursionError):
        _say(answers, error={"code": "document_heavy", "facts": {}})
    except Exception as error:  # whatever a parser raises over a file that is damaged
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        _say(answers, error={"code": "document_broken", "facts": {}})
    os._exit(0)  # at once: freeing what has been parsed is the system's work


def _work(order: Order, answers: IO[bytes]) -> None:
    from llm_core.documents.formats import format_of
    from llm_core.documents.reading import Limits, Reading

    data = Path(order["path"]).read_bytes()
    format = format_of(data, order["name"])
    limits = Limits(**order["limits"])
    reading = Reading(limits, lambda done, total: _say(answers, progress=[done, total]))
    if order["work"] == "rewrite":
        from llm_core.documents.rewrite import rewrite

        texts = {int(block): text for block, text in order["texts"].items()}
        suffix, result = rewrite(data, format.name, order["name"], texts, reading)
        _say(answers, bytes=len(result), suffix=suffix)
        answers.write(result)
        answers.flush()
        return
    format.reader().read(data, reading)
    _say(answers, result=reading.document(order["name"], format.name).to_json())


def _say(answers: IO[bytes], **what: Any) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


def _limit(limits: dict[str, Any]) -> None:
    """Let the system refuse what is too much, where it can; the parent watches everywhere."""
    if sys.platform == "linux":
        import resource

        size = limits["memory_mib_max"] << 20
        seconds = int(limits["seconds_max"]) + 1
        for what, most in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
            with contextlib.suppress(ValueError, OSError):  # a lower one is set already
                resource.setrlimit(what, (most, most))


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
