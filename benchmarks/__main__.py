"""`python -m benchmarks NAME ...`: each figure beside its peer, in the same run and the same environment.

One file a benchmark, with `main(arguments)`; a new one is a new file and a line in BENCHMARKS.
"""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = {
    "characters": "a character-level model after two and three minutes: its loss, and how much it writes is words",
    "decoding": "writing speed of our engine, beside the bare binding on the same file and settings",
    "families": "RNN, LSTM and Transformer of equal size after equal time on the same text, beside an n-gram",
    "int8": "writing and translating speed of models trained here in int8, beside transformers.generate",
    "generation": "time of a further token after 100 and after 1,150, state carried on, beside reading all anew",
    "overhead": "what job process, logging and live page take of training, beside the bare loop",
    "retrieval": "from documents to evidence: indexing and queries, beside bm25s and torch",
    "understanding": "1,000 short texts to labels, beside plain Transformers",
    "size": "tokens a second and memory in training, by size of the model",
    "space": "twenty visitors for some minutes at a server with the settings of a Space: errors, memory",
    "startup": "time and memory until the page is up, beside an empty Gradio page",
    "summary": "key sentences of a million characters, beside sumy",
    "training": "tokens a second in training a decoder, beside the loop that tutorials teach",
    "transformers_peer": "writing speed of our engine, beside transformers.generate on the same weights",
    "translation": "sentences a second by the language model, one after another and several at once",
    "turns": "first token of turn 2 of a long conversation, beside turn 1",
    "visitors": "twenty visitors at once, beside each of them alone",
}


def main() -> None:
    """Run one benchmark, or say which there are."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in BENCHMARKS:
        width = max(map(len, BENCHMARKS))
        sys.exit(
            "\n".join(["python -m benchmarks NAME [--help]", *(f"  {n:{width}}  {t}" for n, t in BENCHMARKS.items())])
        )
    importlib.import_module(f"benchmarks.{name}").main(arguments)


if __name__ == "__main__":
    main()
