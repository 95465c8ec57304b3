"""The child process in which llama.cpp runs: `python worker.py`, so that native code can only bring down itself.

It reads one line of JSON from stdin (`Config`), opens the model, answers with one line of JSON on stdout, `{"url"}`
or `{"error"}`, and then serves the OpenAI protocol on loopback under the key it was given, until stdin closes: that
happens when its parent ends, however it ends. It imports nothing of llm_core, so that it starts quickly.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from typing import Any, TypedDict

# Threads that wait by spinning are the fastest on an idle machine and terrible on a busy one (the default loses two
# thirds to one other job). This count keeps nearly all of the one and most of the other.
SPIN_COUNT = "1000"


class Config(TypedDict):
    """What the child is told."""

    path: str
    context_tokens: int  # of each slot
    slots: int
    threads: int
    batch_tokens: int  # prompt tokens between two chances to stop
    cache_mib: int  # for prompts of conversations that have left their slot
    key: str
    open_s: float  # longest time for opening


def main() -> None:
    """Serve until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the children too; it is the parent's
    config: Config = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # native code may print: only our one line goes to stdout
    # Opening holds Python's lock, so no thread of Python can end it: a timer of C does, also without the parent.
    faulthandler.dump_traceback_later(config["open_s"], exit=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        server = serve(config)
    except Exception as error:
        print(json.dumps({"error": str(error)}), file=answers, flush=True)
        os._exit(1)
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"url": server.listening_address}), file=answers, flush=True)
    threading.Event().wait()


def serve(config: Config) -> Any:
    """Open the model and start its server.

    Raises:
        RuntimeError, ValueError: it cannot be opened; the reason stands on stderr, written by native code.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # read once, when the library is loaded
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config["path"]
    params.n_ctx = config["context_tokens"] * config["slots"]
    params.n_parallel = config["slots"]
    params.n_batch = config["batch_tokens"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config["threads"]
    params.cache_ram_mib = config["cache_mib"]
    params.api_keys = [config["key"]]
    params.n_threads_http = config["slots"] + 8  # beside the replies: counting tokens, connections being closed
    params.endpoint_slots = False
    params.ui = False
    params.verbosity = 1  # errors alone: the exception never has the reason
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE  # folded by the faces
    return xllamacpp.Server(params)


def _end_with_parent() -> None:
    """Not `sys.exit`: the server's destructor may hang, and there is nothing to save."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
