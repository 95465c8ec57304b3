"""A folder that `transformers` is to load: what it is, and whether it opens without running anything of it."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.settings import Settings

CONFIG = "config.json"
CONFIG_BYTES_MAX = 1_000_000
TOKENIZER_CONFIG = "tokenizer_config.json"
TOKENIZER_CONFIG_BYTES_MAX = 20_000_000
WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
# What belongs to a model beside its weights; nothing else of a repository is fetched.
BESIDE = frozenset(
    {
        CONFIG, TOKENIZER_CONFIG, "generation_config.json", "model.safetensors.index.json", "tokenizer.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model",
        "tokenizer.model", "sentencepiece.bpe.model", "source.spm", "target.spm", "chat_template.jinja", "LICENSE",
        "LICENSE.txt", "LICENSE.md", "NOTICE",
    }
)  # fmt: skip
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5")
HEADER_BYTES_MAX = 100_000_000  # what the format allows
# Ends of the names of architectures -> the task of a card.
TASKS = (
    ("ForCausalLM", "continue"), ("LMHeadModel", "continue"), ("MTModel", "translate"),
    ("ForConditionalGeneration", "translate"), ("ForQuestionAnswering", "answer"),
    ("ForSequenceClassification", "classify"), ("ForTokenClassification", "tag"), ("ForMaskedLM", "fill"),
    ("Model", "embed"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What a folder says of itself, and what is wrong with it."""

    architecture: str = ""
    tasks: tuple[str, ...] = ()
    bytes: int = 0
    parameters: int = 0
    context_tokens: int = 0
    chat_template: bool = False
    problem: UserError | None = None


def look(folder: Path) -> Look:
    """Read the small files and the headers of the weights; what is wrong is said, not raised."""
    try:
        config = _json(folder / CONFIG, CONFIG_BYTES_MAX)
        weights = [path for path in folder.iterdir() if WEIGHTS.fullmatch(path.name)]
        size = sum(path.stat().st_size for path in weights)
        told = _json(folder / TOKENIZER_CONFIG, TOKENIZER_CONFIG_BYTES_MAX, needed=False)
    except (OSError, ValueError):
        return Look(problem=UserError("folder_strange", name=folder.name, path=str(folder)))
    chats = (folder / "chat_template.jinja").is_file() or bool(told.get("chat_template"))
    architecture, tasks = described(config, chats=chats)
    context = config.get("max_position_embeddings")
    problem = _problem(folder, config, told, weights)
    parameters = 0
    if problem is None:
        try:
            parameters = sum(_parameters(path) for path in weights)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            problem = UserError("folder_strange", name=folder.name, path=str(folder))
    return Look(
        architecture=architecture,
        tasks=tasks,
        bytes=size,
        parameters=parameters,
        context_tokens=context if isinstance(context, int) and 0 < context < 1 << 31 else 0,
        chat_template=chats,
        problem=problem,
    )


def described(config: Mapping[str, Any], *, chats: bool) -> tuple[str, tuple[str, ...]]:
    """The family that a configuration names, and what models of its architecture do.

    Args:
        config: of config.json.
        chats: whether there is a template for conversations.
    """
    family = config.get("model_type")
    named = config.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    task = next((task for end, task in TASKS if architecture.endswith(end)), "")
    tasks = ("chat",) if task == "continue" and chats else (task,) if task else ()
    return (family if isinstance(family, str) and family.isprintable() else "")[:40], tasks


def asks_for_code(*configs: Mapping[str, Any]) -> bool:
    """Whether a configuration wants a class out of the repository, which is never run."""
    return any("auto_map" in config for config in configs)


@functools.cache
def _families() -> str:
    """The module of Transformers that lists its families, as text: importing it would bring torch along."""
    found = importlib.util.find_spec("transformers")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "models" / "auto" / "auto_mappings.py").read_text("utf-8")


def known_family(family: str) -> bool:
    """Whether Transformers, or we, have classes of that name."""
    return bool(re.fullmatch(r"[\w\-.]+", family)) and (
        f'"{family}"' in _families() or family.startswith("workbench_")
    )


def folders(settings: Settings) -> Iterator[Path]:
    """Transformers folders in the models folder, by name."""
    for config in sorted(settings.paths.models.glob(f"*/{CONFIG}")):
        if not config.parent.name.startswith("."):
            yield config.parent


def wanted_names(names: Iterable[str]) -> list[str]:
    """Of the names of a repository those that belong to the model; whole weights are preferred to parts."""
    there = set(names)
    weights = {name for name in there if WEIGHTS.fullmatch(name)}
    if "model.safetensors" in weights:
        weights = {"model.safetensors"}
        there.discard("model.safetensors.index.json")
    return sorted(weights | (there & BESIDE))


def _problem(folder: Path, config: dict[str, Any], told: dict[str, Any], weights: list[Path]) -> UserError | None:
    if asks_for_code(config, told):
        return UserError("hub_remote_code", name=folder.name)
    if not weights:
        pickled = any(path.suffix in PICKLES for path in folder.iterdir())
        return UserError("hub_only_pickle" if pickled else "folder_strange", name=folder.name, path=str(folder))
    return None


def _parameters(path: Path) -> int:
    """Numbers in a safetensors file, after its header was found to fit into it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(HEADER_BYTES_MAX, size - 8):
            raise ValueError("a header that is longer than its file")
        header = json.loads(file.read(length))
    count = end = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            values = 1
            for dimension in tensor["shape"]:
                values *= int(dimension)
            count, end = count + values, max(end, int(tensor["data_offsets"][1]))
    if end != size - 8 - length:
        raise ValueError("tensors that are not in the file")
    return count


def _json(path: Path, bytes_max: int, *, needed: bool = True) -> dict[str, Any]:
    if not needed and not path.is_file():
        return {}
    if path.stat().st_size > bytes_max:
        raise ValueError("too long")
    with contextlib.suppress(RecursionError):
        told = json.loads(path.read_text("utf-8"))
        if isinstance(told, dict):
            return told
    raise ValueError("no table")
