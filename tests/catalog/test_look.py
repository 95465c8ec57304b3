"""Looking a model up: what can be taken is said with size and licence, what cannot is said with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from llm_core.catalog import look as looking
from llm_core.catalog import repository
from llm_core.catalog.repository import Repository
from llm_core.errors import UserError
from llm_core.settings import Settings
from tests.catalog.hubs import REVISION, put_modelscope, put_repository, row
from tests.catalog.servers import Site

Made = Callable[..., Settings]
CONFIG = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}).encode()
WEIGHTS = b"s" * 4000
MODEL = {"config.json": CONFIG, "tokenizer.json": b"{}", "model.safetensors": WEIGHTS, "README.md": b"# hello"}


def look(name: str, settings: Settings) -> Repository:
    events = looking.look(name, settings)
    while True:
        try:
            next(events)
        except StopIteration as end:
            found: Repository = end.value
            return found


def refused(name: str, settings: Settings) -> UserError:
    with pytest.raises(UserError) as raised:
        look(name, settings)
    return raised.value


def test_safetensors_and_what_belongs_to_them_are_taken_and_nothing_else(hub: Site, made: Made) -> None:
    files = MODEL | {"pytorch_model.bin": b"pickle", "run.py": b"import os", "onnx/model.onnx": b"o"}
    put_repository(hub, "who/tiny", files, safetensors={"total": 1000})
    found = look("who/tiny", made(hub))
    assert (found.id, found.revision, found.licence, found.source) == ("who/tiny", REVISION, "apache-2.0", "hub")
    assert (found.family, found.tasks) == ("llama", ("chat",))
    (variant,) = found.variants
    assert [file.name for file in variant.files] == ["config.json", "model.safetensors", "tokenizer.json"]
    assert variant.bytes == len(CONFIG) + 2 + len(WEIGHTS)
    assert variant.memory_bytes == 4000 + repository.OVERHEAD_BYTES  # a thousand numbers of four bytes


def test_of_many_gguf_files_the_small_good_one_is_proposed(hub: Site, made: Made) -> None:
    names = (
        "m-q8_0.gguf",
        "m-Q2_K.gguf",
        "m-q4_k_m.gguf",
        "mmproj-m-f16.gguf",
        "m-f16-00001-of-00002.gguf",
        "q5/m-q5_k_m.gguf",
    )
    put_repository(hub, "who/tiny-GGUF", {name: name.encode() for name in names})
    found = look("who/tiny-GGUF", made(hub))
    assert [variant.name for variant in found.variants] == ["m-q4_k_m", "m-q5_k_m", "m-q8_0", "m-Q2_K"]
    assert found.variant("Q8").name == "m-q8_0"
    with pytest.raises(UserError, match="hub_variant_unknown"):
        found.variant("q9")


@pytest.mark.parametrize(
    "entered", ["who/tiny", " https://huggingface.co/who/tiny/tree/main ", "https://modelscope.cn/models/who/tiny"]
)
def test_the_address_of_a_page_will_do(hub: Site, made: Made, entered: str) -> None:
    put_repository(hub, "who/tiny", MODEL)
    assert look(entered, made(hub)).id == "who/tiny"


@pytest.mark.parametrize(
    "entered", ["", "tiny", "../../etc/passwd", "who/..", "a/b/c", "who/ti ny", "who/" + "x" * 200, "-a/b"]
)
def test_what_is_no_id_is_asked_of_nobody(hub: Site, made: Made, entered: str) -> None:
    assert refused(entered, made(hub)).code == "hub_id_unusable"
    assert hub.requests == []


def test_an_unknown_id_is_said_to_be_unknown(hub: Site, made: Made) -> None:
    assert refused("who/nobody", made(hub)).code == "hub_unknown"


def test_a_gated_one_is_not_tried(hub: Site, made: Made) -> None:
    put_repository(hub, "who/gated", MODEL, gated="manual")
    assert refused("who/gated", made(hub)).code == "hub_gated"
    hub.refusals["/api/models/who/closed?blobs=true"] = (401, {"X-Error-Code": "GatedRepo"})
    assert refused("who/closed", made(hub)).code == "hub_gated"


def test_pickles_are_never_taken(hub: Site, made: Made) -> None:
    put_repository(hub, "who/pickled", {"config.json": CONFIG, "pytorch_model.bin": b"pickle"})
    assert refused("who/pickled", made(hub)).code == "hub_only_pickle"


def test_code_of_a_repository_is_never_asked_for(hub: Site, made: Made) -> None:
    config = json.dumps({"model_type": "llama", "auto_map": {"AutoModel": "mine.Model"}}).encode()
    put_repository(hub, "who/code", MODEL | {"config.json": config, "mine.py": b"import os"})
    assert refused("who/code", made(hub)).code == "hub_remote_code"


def test_a_family_that_nobody_knows_is_said_so(hub: Site, made: Made) -> None:
    put_repository(hub, "who/new", MODEL | {"config.json": b'{"model_type": "brand_new_9000"}'})
    assert refused("who/new", made(hub)).code == "hub_family_unknown"


def test_nothing_to_take_names_what_there_is(hub: Site, made: Made) -> None:
    put_repository(hub, "who/other", {"model.onnx": b"o", "adapter_config.json": b"{}"})
    error = refused("who/other", made(hub))
    assert (error.code, error.facts["there"]) == ("hub_no_weights", ".json .onnx")


def test_too_large_is_said_before_anything_is_fetched(hub: Site, made: Made) -> None:
    put_repository(hub, "who/tiny", MODEL)
    assert refused("who/tiny", made(hub, hub_model_bytes_max=1000)).code == "hub_model_big"


@pytest.mark.parametrize(
    "path",
    ["../model.safetensors", "/etc/model.safetensors", "a/../../model.safetensors", "..\\model.safetensors",
     "C:model.safetensors", "model.safetensors\n", "a//model.safetensors", "nul.gguf", ".hidden.gguf", ""],
)  # fmt: skip
def test_a_name_that_leaves_its_folder_is_no_file(path: str) -> None:
    assert list(repository.of_hub({"siblings": [row("x.gguf", WEIGHTS) | {"rfilename": path}]})) == []


@pytest.mark.parametrize("size", [-1, 0, None, "9", 1 << 60, 1.5])
def test_a_size_that_no_file_has_is_no_file(size: Any) -> None:
    about = row("x.gguf", WEIGHTS)
    about["lfs"]["size"] = size
    assert list(repository.of_hub({"siblings": [about]})) == []


@pytest.mark.parametrize(
    "told",
    ["[]", "null", '{"siblings": 7}', '{"siblings": [null, 3, {"rfilename": 4}]}', '{"siblings": [{"lfs": []}]}', "{",
     "[" * 100_000],
)  # fmt: skip
def test_a_listing_that_is_none_harms_nothing(hub: Site, made: Made, told: str) -> None:
    hub.pages["/api/models/who/odd?blobs=true"] = told
    assert refused("who/odd", made(hub)).code in ("hub_silent", "hub_no_weights")


def test_a_listing_without_end_is_not_read_to_it(hub: Site, made: Made) -> None:
    hub.files["/api/models/who/odd?blobs=true"] = b" " * 20_000_000
    assert refused("who/odd", made(hub)).code == "hub_silent"


def test_where_the_hub_is_silent_modelscope_is_asked(hub: Site, made: Made) -> None:
    put_modelscope(hub, "who/tiny", MODEL)
    found = look("who/tiny", made(modelscope_endpoint=hub.url))
    assert (found.source, found.licence, found.revision) == ("modelscope", "MIT", "master")
    assert all(file.sha256 for file in found.variants[0].files)


def test_only_those_are_asked_that_may_be(hub: Site, made: Made) -> None:
    put_repository(hub, "who/tiny", MODEL)
    assert refused("who/tiny", made(hub, sources="index, folder")).code == "no_source_chosen"
    assert refused("who/tiny", made(hub, offline=True)).code == "offline"
    assert hub.requests == []


def test_the_mirror_stands_in_for_the_hub(hub: Site, made: Made) -> None:
    put_repository(hub, "who/tiny", MODEL)
    assert look("who/tiny", made(hub_mirror=f"{hub.url}/", sources="hub mirror")).source == "mirror"
