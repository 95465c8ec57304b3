"""The converted copy of an encoder: made once for all processes, compared with its original, checked when opened."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock

from llm_core import atomic
from llm_core.engines import bert, bert_convert, conversion
from llm_core.errors import UserError
from llm_core.models import shared

log = logging.getLogger(__name__)

COSINE_MIN = 0.99  # measured: 0.998 and more; a fault of the conversion gives 0.3 to 0.95
PROBES = ("query: 绍兴在哪里？", "passage: The mill at the lower lock was closed in 1912.")
CONVERT_S_MAX = 300.0
POSITIONS = 512  # of a model that does not say how many it has

Pooled = Callable[[Path, Sequence[str]], bert.Floats]


def converted(source: Path, caches: Path, pooled: Pooled) -> Path:
    """The folder of the converted model, which is made where it is missing or damaged.

    Args:
        source: folder of the original.
        caches: where converted models stand.
        pooled: encodes texts, prefix included, with the converted model in a folder: mean states [n, hidden].

    Raises:
        UserError: `encoder_unusable`, `disk_full`.
    """
    folder = caches / f"{source.name}-int8-{conversion.fingerprint(source)}"
    if conversion.is_whole(folder):
        return folder
    caches.mkdir(parents=True, exist_ok=True)
    with FileLock(caches / f"{source.name}.lock"), atomic.disk_errors(caches):
        if not conversion.is_whole(folder):  # another process may have made it while this one waited
            _make(source, folder, pooled)
    return folder


def _make(source: Path, folder: Path, pooled: Pooled) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".converting-") as scratch:
        aside = Path(scratch) / "model"
        _run(source, aside)
        _compare(source, aside, pooled)
        conversion.put(aside, folder)


def _run(source: Path, aside: Path) -> None:
    command = [sys.executable, "-P", "-X", "utf8", bert_convert.__file__, str(source), str(aside)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=CONVERT_S_MAX)
    except (subprocess.SubprocessError, OSError) as error:
        complaint = str(getattr(error, "stderr", None) or error).strip()
        log.warning("converting %s: %s", source, complaint)
        if "No space left" in complaint:
            raise UserError("disk_full", path=str(aside.parent.parent)) from error
        raise UserError("encoder_unusable", name=source.name, reason=complaint.splitlines()[-1][:200]) from error


def _compare(source: Path, aside: Path, pooled: Pooled) -> None:
    """Converters have been seen to give wrong numbers without a word; here the original has the last one."""
    from tokenizers import Tokenizer

    weights, config = bert.read_weights(source), bert.read_config(source)
    tokenizer = Tokenizer.from_file(str(shared.tokenizer_file(source)))
    tokenizer.enable_truncation(positions(source))
    ours = pooled(aside, PROBES)
    for text, vector in zip(PROBES, ours, strict=True):
        original = bert.hidden_states(weights, config, tokenizer.encode(text).ids).mean(0)
        cosine = float(vector @ original / np.linalg.norm(vector) / np.linalg.norm(original))
        if not cosine >= COSINE_MIN:
            raise UserError("encoder_unusable", name=source.name, reason=f"cosine {cosine:.3f} to its original")


def positions(source: Path) -> int:
    """How many tokens the model can read."""
    return int(bert.read_config(source).get("max_position_embeddings") or POSITIONS)
