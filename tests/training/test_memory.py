"""A corpus does not have to fit in memory: preparing a dozen times as much text takes about as much of it."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEGABYTES = 12

CHILD = """
import json, resource, sys
from pathlib import Path
from llm_core.training import repeats
from llm_core.training.config import TrainConfig
from llm_core.training.objectives.language import Language

repeats.SLOTS = 1 << 14  # a table of fixed size that fills page by page would hide what is looked for
peaks = []
for name in sys.argv[2:]:
    config = TrainConfig.model_validate({
        "name": "memory", "family": "decoder", "sources": [{"path": Path(sys.argv[1]) / name}],
        "tokenizer": {"kind": "byte-bpe", "vocabulary": 600, "sample_characters": 200_000},
        "cleaning": {"repeated_lines": True}, "budget": {"steps": 1},
    })
    report = Language(config, Path(sys.argv[1]) / f"run of {name}").prepare()
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps({"peaks": peaks, "characters": report["train"]["characters"]}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked for by POSIX")
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    state = random.Random(1)
    words = ["".join(state.choices("abcdefghijklmnop", k=state.randint(2, 9))) for _ in range(3000)]
    for name, size in (("small.txt", 1_000_000), ("large.txt", MEGABYTES * 1_000_000)):
        with (tmp_path / name).open("w", encoding="utf-8") as file:
            while file.tell() < size:
                file.write(" ".join(state.choices(words, k=60)) + ".\n")
    command = [sys.executable, "-c", CHILD, str(tmp_path), "small.txt", "large.txt"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    said = json.loads(out)
    assert said["characters"] > 0.9 * MEGABYTES * 1_000_000
    kilobytes = 1024 if sys.platform == "darwin" else 1
    grown = (said["peaks"][1] - said["peaks"][0]) / kilobytes / 1000
    assert grown < MEGABYTES  # the text alone, held once, would be as much
