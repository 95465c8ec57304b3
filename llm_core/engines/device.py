"""Which engine computes a model on this machine, and on which device: decided from facts alone, nothing is opened.

A GGUF file runs on llama.cpp, on the card where the installed build of the binding can; else, on a machine with CUDA
where it fits unpacked, on Transformers; else on the processor. A Transformers folder runs on the card where torch can
and it fits.
"""

from __future__ import annotations

import functools
import importlib.metadata
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal, TypeAlias

from llm_core import machine
from llm_core.machine import Accelerator
from llm_core.settings import Settings

Device: TypeAlias = Literal["cpu", "cuda", "mps"]
Runtime: TypeAlias = Literal["llama.cpp", "transformers"]

HALF_BYTES, WHOLE_BYTES = 2, 4  # of a weight
WORKING_BYTES = 1_200_000_000  # of a card's memory, beside the weights: CUDA itself, activations, keys and values
# Below this a model is computed in 32 bits wherever it runs: it costs little, and scores stay comparable.
SMALL_PARAMETERS = 100_000_000
# What is asked of the binding, in a process of its own: native code that does not suit the machine ends its process.
_ASK_BINDING = "import xllamacpp; print(sum('GPU' in str(device['type']) for device in xllamacpp.get_device_info()))"
UNPACKABLE = frozenset({"llama", "qwen2", "qwen3"})  # kinds of GGUF files that Transformers was seen to open rightly
UNPACKING_BYTES = 6  # a weight, at the most, while a file is unpacked: 0.5 B took 2.9 GB
CUDA_BINDING = "pip install xllamacpp --force-reinstall --index-url https://xorbitsai.github.io/xllamacpp/whl/cu128"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides, as values."""

    accelerator: Accelerator | None
    torch_can: bool  # the installed torch computes on it
    binding_can: bool  # the installed build of the llama.cpp binding does


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model runs. `reason` is a key of messages/doctor.toml."""

    runtime: Runtime
    device: Device
    reason: str


def facts() -> Facts:
    """Of this machine. Takes a moment only where there is a card, and only the first time."""
    found = next(iter(machine.accelerators()), None)
    return Facts(
        found, found is not None and torch_can(found, _torch(), sys.platform), found is not None and _binding()
    )


def torch_can(accelerator: Accelerator, version: str, system: str) -> bool:
    """Whether a build of torch computes on it, by its version: importing torch takes seconds.

    Args:
        accelerator: it.
        version: such as "2.13.0+cpu"; "" where torch is not installed.
        system: `sys.platform`.
    """
    if not version:
        return False
    if accelerator.kind == "mps":
        return system == "darwin"
    _, _, build = version.partition("+")
    return build.startswith(("cu", "rocm")) or (not build and system == "linux")  # the package index has these


def of_file(parameters: int, unpackable: bool, settings: Settings, facts: Facts) -> Place:
    """Where a GGUF file runs.

    Args:
        parameters: of the model.
        unpackable: whether Transformers knows the kind of model.
        settings: what the person wants.
        facts: of the machine.
    """
    card = facts.accelerator
    if settings.engine == "transformers":
        return of_folder(parameters, settings, facts)
    if settings.engine == "llama.cpp" or card is None:
        device: Device = card.kind if card and facts.binding_can else "cpu"
        return Place("llama.cpp", device, "place_asked" if settings.engine != "auto" else "place_no_card")
    if facts.binding_can:
        return Place("llama.cpp", card.kind, "place_binding")
    if card.kind == "cuda" and facts.torch_can and unpackable and settings.device in ("auto", "cuda"):
        if fits(parameters, card):
            return Place("transformers", "cuda", "place_unpacked")
        return Place("llama.cpp", "cpu", "place_too_large")
    return Place("llama.cpp", "cpu", "place_no_build")


def of_folder(parameters: int, settings: Settings, facts: Facts) -> Place:
    """Where a Transformers folder runs."""
    card = facts.accelerator
    if settings.device != "auto":
        return Place("transformers", settings.device, "place_asked")
    if card is None:
        return Place("transformers", "cpu", "place_no_card")
    if not facts.torch_can:
        return Place("transformers", "cpu", "place_no_torch")
    if not fits(parameters, card):
        return Place("transformers", "cpu", "place_too_large")
    return Place("transformers", card.kind, "place_torch")


def fits(parameters: int, card: Accelerator) -> bool:
    """Whether the weights fit on the card with what computing takes beside them."""
    return weight_bytes(parameters, card.kind) + WORKING_BYTES <= card.memory_bytes


def weight_bytes(parameters: int, device: Device) -> int:
    """What the weights take on that device, unpacked."""
    small = parameters <= SMALL_PARAMETERS
    return parameters * (WHOLE_BYTES if small or device == "cpu" else HALF_BYTES)


def _torch() -> str:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def _binding() -> bool:
    command = [sys.executable, "-c", _ASK_BINDING]
    try:
        done = subprocess.run(command, capture_output=True, timeout=machine.ASKED_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() not in (b"", b"0")
