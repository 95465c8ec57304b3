"""The int8 copy of a model for CTranslate2: made once for all processes, compared with its original, or refused.

What was refused is remembered with its reason, so that nobody tries again; the original is never touched.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from filelock import FileLock

from llm_core import atomic
from llm_core.engines import conversion, ct2_convert

log = logging.getLogger(__name__)

DECODERS = frozenset({"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "GPT2LMHeadModel"})
TRANSLATORS = frozenset({"MarianMTModel", "M2M100ForConditionalGeneration", "T5ForConditionalGeneration"})
ADAPTER_FILE = "adapter_config.json"
CONVERT_S_MAX = 900.0
REASON_CHARS = 300


def architecture(folder: Path) -> str:
    """The class that the folder names; "" where it names none."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        return str(next(iter(config.get("architectures") or ()), ""))
    except (OSError, ValueError, AttributeError):
        return ""


def suits(folder: Path) -> bool:
    """Whether the folder is of a kind that converts: a decoder of one of the usual classes, and no adapter."""
    return architecture(folder) in DECODERS and not (folder / ADAPTER_FILE).exists()


def converted(source: Path, caches: Path, *, make: bool = True) -> Path | None:
    """The folder of the converted model, which is made where it is missing; None where it is not to be trusted.

    Args:
        source: folder of the original; its class is one of DECODERS or TRANSLATORS.
        caches: where converted models stand.
        make: else only looked for, which takes no time to speak of.
    """
    folder = caches / f"{source.name}-ct2-{conversion.fingerprint(source)}"
    refused = folder.with_name(f"{folder.name}.refused")
    if conversion.is_whole(folder):
        return folder
    if refused.exists() or not make:
        return None
    caches.mkdir(parents=True, exist_ok=True)
    with FileLock(caches / f"{source.name}-ct2.lock"):
        if conversion.is_whole(folder):  # another process made it while this one waited
            return folder
        if refused.exists():
            return None
        reason = _make(source, folder)
        if reason:
            log.warning("%s is not converted: %s", source, reason)
            with atomic.writing(refused, "w") as file:
                file.write(reason)
    return None if reason else folder


def _make(source: Path, folder: Path) -> str:
    """Convert aside and rename; returns why it is not to be used, or ""."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".converting-") as scratch:
        aside = Path(scratch) / "model"
        command = [sys.executable, "-P", "-X", "utf8", ct2_convert.__file__, str(source), str(aside)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, timeout=CONVERT_S_MAX)
        except subprocess.TimeoutExpired:
            return f"not done in {CONVERT_S_MAX:.0f} s"
        if done.returncode:
            complaint = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            return (complaint or str(done.returncode))[-REASON_CHARS:]
        conversion.put(aside, folder)
    return ""
