"""What this machine has, what is here, what answers, and what is wrong. Looks, changes nothing, loads no model."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from llm_core.catalog import choose, listing
from llm_core.catalog.listing import Entry
from llm_core.catalog.rank import rank
from llm_core.catalog.recommended import builtin
from llm_core.engines import device
from llm_core.engines.device import Facts, Place
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Progress
from llm_core.machine import MIB, Accelerator, asked, cores, free_disk_bytes, free_memory_bytes, memory_bytes
from llm_core.machine import accelerators as accelerators_here
from llm_core.models import served
from llm_core.settings import Settings

PACKAGES = (
    "torch", "transformers", "tokenizers", "safetensors", "sentencepiece", "numpy", "gradio", "gradio_client",
    "xllamacpp", "httpx", "pydantic", "pydantic-settings", "typer", "psutil", "filelock", "platformdirs",
)  # fmt: skip
ASKED_S = 20  # a program that says nothing for so long will say nothing
ENGINE = "import xllamacpp"
Answer = Literal["answers", "silent", "refuses", "not_asked"]  # labels: doctor.source_*


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: `code` is a key of messages/doctor.toml, or of errors.toml with `is_error`."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    wrong: bool = True  # else only worth knowing
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that doctor has to say."""

    system: str
    python: str
    processor: str
    cores: int
    memory_bytes: int
    memory_free_bytes: int
    accelerators: list[str]
    runs_on: dict[str, Place]  # model -> engine and device, of those here that write
    packages: dict[str, str | None]  # None: not installed
    home: Path
    disk_free_bytes: int
    host: str
    port: int
    port_free: bool
    offline: bool
    models: list[Entry]
    chat: str | None  # the model that answers, where one is here
    sources: dict[str, Answer]
    findings: list[Finding]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.wrong for finding in self.findings)


def examine(settings: Settings) -> Events:
    """Look at everything.

    Yields:
        Progress("asking_sources") while they are asked, and Done(Report).
    """
    sources = yield from _sources(settings)
    models = listing.entries(settings)
    facts = device.facts()
    accelerators = [_described(each) for each in accelerators_here()]
    packages = {name: _version(name) for name in PACKAGES}
    chat, trouble = _chat(settings)
    port_free = _is_free(settings.host, settings.port)
    findings = [
        *trouble,
        *_of_packages(packages, accelerators),
        *_of_engines(facts, settings),
        *_of_disk(settings),
        *(Finding("model_damaged", {"name": entry.id}) for entry in models if entry.damaged),
        *_of_sources(sources, chat),
        *([] if port_free else [Finding("port_in_use", {"port": settings.port}, wrong=False)]),
    ]
    yield Done(
        Report(
            system=platform.platform(),
            python=f"{platform.python_version()} ({sys.executable})",
            processor=_processor(),
            cores=cores(),
            memory_bytes=memory_bytes(),
            memory_free_bytes=free_memory_bytes(),
            accelerators=accelerators,
            runs_on=_places(models, settings, facts),
            packages=packages,
            home=settings.home,
            disk_free_bytes=free_disk_bytes(settings.home),
            host=settings.host,
            port=settings.port,
            port_free=port_free,
            offline=settings.offline,
            models=models,
            chat=chat,
            sources=sources,
            findings=findings,
        )
    )


def _sources(settings: Settings) -> Generator[Event, None, dict[str, Answer]]:
    models = list(builtin().entries.values())
    sources: dict[str, Answer] = {source.kind: "not_asked" for model in models for source in model.sources}
    if settings.offline:
        return sources
    asking = rank(models, settings)
    yield Progress("asking_sources", 0)
    ranking = yield from asking
    answers: dict[Answer, tuple[str, ...]] = {
        "answers": ranking.answered,
        "silent": ranking.silent,
        "refuses": ranking.refused,
    }
    return sources | {kind: answer for answer, kinds in answers.items() for kind in kinds}


def _chat(settings: Settings) -> tuple[str | None, list[Finding]]:
    """The model that chats, and what is in the way where none does."""
    try:
        entry = choose.choose("chat", settings).entry
    except UserError as error:
        return None, [Finding(error.code, error.facts, is_error=True)]
    if entry.usable:
        return entry.id, []
    if entry.problem:
        return None, [Finding(entry.problem.code, entry.problem.facts, is_error=True)]
    return None, [Finding("no_model", {"name": entry.id}, wrong=False)]


def _of_packages(packages: Mapping[str, str | None], accelerators: list[str]) -> Iterator[Finding]:
    for name in (name for name, version in packages.items() if version is None):
        yield Finding("package_missing", {"name": name})
    if packages["xllamacpp"] and (reason := _cannot_run(ENGINE)):
        yield Finding("engine_broken", {"reason": reason})
    torch = packages["torch"] or ""
    if accelerators and not device.facts().torch_can:
        yield Finding("torch_without_gpu", {"version": torch, "device": accelerators[0]}, wrong=False)


def _of_engines(facts: Facts, settings: Settings) -> Iterator[Finding]:
    """What would make a card compute, and a server of the settings that is none."""
    if facts.accelerator and facts.accelerator.kind == "cuda" and not facts.binding_can:
        yield Finding("binding_without_gpu", {"command": device.CUDA_BINDING}, wrong=False)
    try:
        served.servers(settings)
    except UserError as error:
        yield Finding(error.code, error.facts, is_error=True)


def _places(models: list[Entry], settings: Settings, facts: Facts) -> dict[str, Place]:
    """Where each model that is here and writes would run."""
    here = [entry for entry in models if entry.usable and not entry.served]
    return {entry.id: place_of(entry, settings, facts) for entry in here}


def place_of(entry: Entry, settings: Settings, facts: Facts) -> Place:
    """The engine and the device that a model runs on."""
    if entry.format != "gguf":
        return device.of_folder(entry.parameters, settings, facts)
    unpackable = entry.recommended is not None or entry.architecture in device.UNPACKABLE
    return device.of_file(entry.parameters, unpackable, settings, facts)


def _described(accelerator: Accelerator) -> str:
    if accelerator.kind == "mps":
        return f"{accelerator.name} (Metal)"
    return f"{accelerator.name}, {accelerator.memory_bytes // MIB} MiB, {accelerator.driver}"


def _of_disk(settings: Settings) -> Iterator[Finding]:
    if not _can_write(settings.home):
        yield Finding("home_not_writable", {"path": str(settings.home)})
    smallest = min(model.bytes for model in builtin().fetch["chat"])
    if free_disk_bytes(settings.home) < smallest:
        yield Finding("disk_short", {"path": str(settings.home), "free": free_disk_bytes(settings.home)})


def _of_sources(sources: Mapping[str, Answer], chat: str | None) -> Iterator[Finding]:
    if set(sources.values()) & {"answers", "not_asked"}:
        return
    yield Finding("no_source_answers", wrong=chat is None)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cannot_run(statement: str) -> str:
    """Why it cannot, or "". In a child: native code that does not suit the machine ends the process it is in."""
    try:
        done = subprocess.run([sys.executable, "-c", statement], capture_output=True, timeout=ASKED_S, check=False)
    except subprocess.TimeoutExpired:
        return f"{statement}: {ASKED_S} s"
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return (last or str(done.returncode)) if done.returncode else ""


def _processor() -> str:
    """The processor's name as its maker writes it."""
    if sys.platform == "darwin":
        return asked("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text("utf-8", "replace").splitlines() if cpus.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _can_write(folder: Path) -> bool:
    """Whether a file can be made in it, or the folder itself where it is not there yet."""
    if not folder.exists():
        there = next(parent for parent in folder.absolute().parents if parent.exists())
        return there.is_dir() and os.access(there, os.W_OK)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    if not port:
        return True
    try:
        with socket.create_connection((host, port), timeout=1):
            return False
    except OSError:
        return True
