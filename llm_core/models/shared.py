"""Weights that a model has in common with the one it was tuned from: kept once, put back where it is to stand alone.

An encoder that was tuned with frozen embeddings holds, bit for bit, those of the one it began with: 35 of 78 MB, and
more where lower layers were frozen, too. What is its own may be kept in eight bits, which is what the encoder is
served in anyway: nothing more is lost (docs/decisions/0020). The base stands beside it under its own name.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.atomic import disk_errors, rename, sha256_of, writing
from llm_core.errors import UserError
from llm_core.models import weights
from llm_core.models.card import CARD_FILE, ModelCard, contents
from llm_core.models.weights import SCALES, Stored
from llm_core.paths import safe_name

SHARED_FILE = "shared.json"
SHARD_SIZE, SHARD_BYTES = "48MB", 48_000_000
"""Of a file of weights: what is bundled must stay below 50 MB a file."""
WEIGHTS_FILE, INDEX_FILE, TOKENIZER_FILE = "model.safetensors", "model.safetensors.index.json", "tokenizer.json"
_TRUNK = "bert."
"""What stands before a trunk's names in a model with a head."""
_LAYERS = ("encoder.layer.", "bert.encoder.layer.")
_OF_THE_CALL = {"truncation", "padding"}
"""What a tokenizer's file says of the last call and not of the tokenizer."""


def is_shared(folder: Path) -> bool:
    """Whether the model in `folder` needs another one beside it."""
    return (folder / SHARED_FILE).is_file()


def base_of(folder: Path) -> Path:
    """Where the model stands that `folder` shares weights with.

    Raises:
        UserError: `base_missing`.
    """
    name = str(_told(folder)["model"])
    base = folder.parent / safe_name(name)
    if not base.is_dir():
        raise UserError("base_missing", name=folder.name, base=name)
    return base


def check_base(folder: Path) -> None:
    """Whether the base is, byte for byte, the one that `folder` was made from.

    Raises:
        UserError: `base_missing`, `base_other`.
    """
    base = base_of(folder)
    for name, digest in _told(folder)["sha256"].items():
        if not (base / name).is_file() or sha256_of(base / name) != digest:
            raise UserError("base_other", name=folder.name, base=base.name)


def stored(folder: Path) -> dict[str, Stored]:
    """All tensors of the model by name, those of its base among them.

    Raises:
        UserError: `weights_broken`, `base_missing`, `base_other`.
    """
    own = weights.stored(folder)
    if not is_shared(folder):
        return own
    check_base(folder)
    theirs = weights.stored(base_of(folder))
    return own | {name: theirs[other] for name, other in _told(folder)["tensors"].items()}


def tokenizer_file(folder: Path) -> Path:
    """Where the model's tokenizer stands."""
    own = folder / TOKENIZER_FILE
    return own if own.is_file() or not is_shared(folder) else base_of(folder) / TOKENIZER_FILE


def share(folder: Path, base: Path, *, narrow: bool = False) -> int:
    """Take out of `folder` what also stands in `base`, and write into shared.json what it was.

    Args:
        folder: of the tuned model.
        base: of the one it began with; the two have to stand beside each other from now on.
        narrow: keep the matrices of its own layers in eight bits.

    Returns:
        The bytes that were saved; 0 leaves the folder as it is.
    """
    own, theirs = weights.stored(folder), weights.stored(base)
    named = {name.removeprefix(_TRUNK): name for name in theirs}
    same = {
        name: other
        for name, tensor in own.items()
        if (other := named.get(name.removeprefix(_TRUNK))) and _equal(tensor, theirs[other])
    }
    if not same:
        return 0
    before = contents(folder)["bytes"]
    kept = dict(_kept({name: tensor for name, tensor in own.items() if name not in same}, narrow))
    for path in (*folder.glob("*.safetensors"), *folder.glob(INDEX_FILE)):
        path.unlink()
    weights.write(folder / WEIGHTS_FILE, kept)
    files = [TOKENIZER_FILE] if _same_tokenizer(folder, base) else []
    for name in files:
        (folder / name).unlink()
    needed = [*sorted(path.name for path in base.glob("*.safetensors")), *files]
    told = {"model": base.name, "sha256": {name: sha256_of(base / name) for name in needed}, "tensors": same}
    with writing(folder / SHARED_FILE, "w") as file:
        json.dump(told, file, indent=1)
    _describe(folder, folder)
    saved: int = before - contents(folder)["bytes"]
    return saved


def whole(folder: Path, caches: Path) -> Path:
    """A folder with the model that needs no other beside it: `folder` itself, or one that is made under `caches`.

    Raises:
        UserError: as `stored`, `disk_full`.
    """
    if not is_shared(folder):
        return folder
    made = caches / f"{folder.name}-whole-{sha256_of(folder / WEIGHTS_FILE)[:12]}"
    if not made.is_dir():
        caches.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=caches, prefix=".whole-") as scratch, disk_errors(caches):
            aside = put_together(folder, Path(scratch) / "model")
            if not made.is_dir():  # another process may have made it meanwhile
                rename(aside, made)
    return made


def put_together(folder: Path, out: Path) -> Path:
    """Write to `out` the model in `folder` with what it shares: transformers loads it by itself. In bfloat16.

    Raises:
        UserError: as `stored`.
    """
    out.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.suffix != ".safetensors" and path.name not in (SHARED_FILE, INDEX_FILE, CARD_FILE):
            shutil.copyfile(path, out / path.name)
    shutil.copyfile(tokenizer_file(folder), out / TOKENIZER_FILE)
    _write_shards(out, {name: _narrow(tensor) for name, tensor in stored(folder).items()})
    _describe(folder, out)
    return out


def _describe(folder: Path, out: Path) -> None:
    """The card of `folder`, with what now stands in `out`."""
    if (folder / CARD_FILE).is_file():
        ModelCard.read(folder).model_copy(update=contents(out)).write(out)


def _write_shards(out: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    shards: list[dict[str, NDArray[Any]]] = [{}]
    for name, array in tensors.items():
        if shards[-1] and sum(each.nbytes for each in shards[-1].values()) + array.nbytes > SHARD_BYTES:
            shards.append({})
        shards[-1][name] = array
    if len(shards) == 1:
        weights.write(out / WEIGHTS_FILE, shards[0])
        return
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        weights.write(out / name, shard)
        places |= dict.fromkeys(shard, name)
    index = {"metadata": {"total_size": sum(a.nbytes for a in tensors.values())}, "weight_map": places}
    with writing(out / INDEX_FILE, "w") as file:
        json.dump(index, file, indent=1)


def _kept(own: Mapping[str, Stored], narrow: bool) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, tensor in own.items():
        if narrow and len(tensor.shape) == 2 and name.startswith(_LAYERS):
            numbers, scales = weights.eight_bits(tensor.read())
            yield name, numbers
            yield name + SCALES, scales
        else:
            yield name, _narrow(tensor) if narrow else tensor.raw()


def _narrow(tensor: Stored) -> NDArray[Any]:
    return tensor.raw() if tensor.dtype == "BF16" else weights.bfloat16(tensor.read())


def _equal(one: Stored, other: Stored) -> bool:
    return (one.dtype, one.shape) == (other.dtype, other.shape) and np.array_equal(one.raw(), other.raw())


def _same_tokenizer(folder: Path, base: Path) -> bool:
    if not (folder / TOKENIZER_FILE).is_file():
        return False
    one, other = (_tokenizer(each / TOKENIZER_FILE) for each in (folder, base))
    return one == other


def _tokenizer(path: Path) -> dict[str, Any]:
    """What a tokenizer is. The last digits of its pieces' scores depend on who wrote the file."""
    told = json.loads(path.read_text("utf-8"), parse_float=lambda digits: round(float(digits), 6))
    return {key: value for key, value in told.items() if key not in _OF_THE_CALL}


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / SHARED_FILE).read_text("utf-8"))
    return told
