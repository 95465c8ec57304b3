"""Time of a further token when a recurrent model writes: its state carried on, beside reading all tokens anew.

With the state a token costs the same wherever it stands; without, ever more. Weights are fresh ones, which cost what
learned ones cost. A figure is that of the fastest token of its span: other work on the machine only makes one slower.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import report


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks generation", description=__doc__)
    parser.add_argument("--families", nargs="+", choices=("rnn", "lstm", "gru"), default=["rnn", "lstm", "gru"])
    parser.add_argument("--size", choices=("tiny", "small", "medium"), default="small")
    parser.add_argument("--early", type=int, nargs=2, default=(50, 150), metavar=("FROM", "TO"))
    parser.add_argument("--late", type=int, nargs=2, default=(1100, 1200), metavar=("FROM", "TO"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(options.threads)
    spans = [range(*options.early), range(*options.late)]
    rows = [row for family in options.families for row in measured(family, options.size, spans)]
    report.show("generation", rows, {"size": options.size, "threads": options.threads})


def measured(family: str, size: str, spans: Sequence[range]) -> list[dict[str, Any]]:
    """Milliseconds a token in each span of places, with the state and without."""
    import torch

    from benchmarks.our_loop import words
    from llm_core.models import recurrent

    torch.manual_seed(0)
    model = recurrent.build(family, recurrent.SIZES[family][size], words(8192), 256).eval()
    with torch.inference_mode():
        carried = _carried(model, spans[-1].stop)
        ways = {
            "state carried on": [[carried[at] for at in span] for span in spans],
            "all read anew": [[_anew(model, at) for at in span[:: max(1, len(span) // 10)]] for span in spans],
        }
    return [_row(family, way, spans, taken) for way, taken in ways.items()]


def _carried(model: Any, tokens: int) -> list[float]:
    """Seconds of each token, written one after the other."""
    import torch

    state, ids, taken = None, torch.zeros(1, 1, dtype=torch.long), []
    for _ in range(tokens):
        began = time.perf_counter()
        out = model(input_ids=ids, past_key_values=state, use_cache=True)
        state, ids = out.past_key_values, out.logits[:, -1:].argmax(-1)
        taken.append(time.perf_counter() - began)
    return taken


def _anew(model: Any, at: int) -> float:
    """Seconds of the token after `at` others, all of them read once more."""
    import torch

    ids = torch.zeros(1, at + 1, dtype=torch.long)
    began = time.perf_counter()
    model(input_ids=ids, use_cache=False, logits_to_keep=1).logits.argmax(-1)
    return time.perf_counter() - began


def _row(family: str, way: str, spans: Sequence[range], taken: Sequence[Sequence[float]]) -> dict[str, Any]:
    early, late = (1000 * min(seconds) for seconds in taken)
    first, last = (f"ms, tokens {span.start}-{span.stop}" for span in spans)
    return {"family": family, "way": way, first: early, last: late, "late / early": late / early}
