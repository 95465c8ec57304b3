"""Where a model runs is decided from facts: here machines that nobody has at hand are given as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_core import machine
from llm_core.engines import device
from llm_core.engines.base import Message
from llm_core.engines.device import Facts, of_file, of_folder, torch_can
from llm_core.engines.pool import Pool
from llm_core.engines.transformers import Transformers
from llm_core.machine import Accelerator, cards
from llm_core.settings import Settings
from tests.engines.replies import GREEDY, reply

GIB = 2**30
SMALL, MIDDLE, LARGE = 135_000_000, 1_540_000_000, 4_020_000_000
RTX_8 = Accelerator("cuda", "NVIDIA GeForce RTX 4060", 8188 * 2**20, "570.86")
RTX_24 = Accelerator("cuda", "NVIDIA GeForce RTX 4090", 24564 * 2**20, "570.86")
APPLE = Accelerator("mps", "Apple M3", 16 * GIB)
NO_CARD = Facts(None, torch_can=False, binding_can=False)


@pytest.mark.parametrize(
    ("parameters", "facts", "runtime", "where", "reason"),
    [
        (MIDDLE, NO_CARD, "llama.cpp", "cpu", "place_no_card"),
        (MIDDLE, Facts(RTX_8, torch_can=True, binding_can=True), "llama.cpp", "cuda", "place_binding"),
        (MIDDLE, Facts(RTX_8, torch_can=True, binding_can=False), "transformers", "cuda", "place_unpacked"),
        (LARGE, Facts(RTX_8, torch_can=True, binding_can=False), "llama.cpp", "cpu", "place_too_large"),
        (LARGE, Facts(RTX_24, torch_can=True, binding_can=False), "transformers", "cuda", "place_unpacked"),
        (MIDDLE, Facts(RTX_24, torch_can=False, binding_can=False), "llama.cpp", "cpu", "place_no_build"),
        (MIDDLE, Facts(APPLE, torch_can=True, binding_can=True), "llama.cpp", "mps", "place_binding"),
        (MIDDLE, Facts(APPLE, torch_can=True, binding_can=False), "llama.cpp", "cpu", "place_no_build"),
    ],
)
def test_where_a_file_runs(
    parameters: int, facts: Facts, runtime: str, where: str, reason: str, settings: Settings
) -> None:
    place = of_file(parameters, unpackable=True, settings=settings, facts=facts)
    assert (place.runtime, place.device, place.reason) == (runtime, where, reason)


def test_a_kind_that_transformers_does_not_know_stays_with_llama_cpp(settings: Settings) -> None:
    facts = Facts(RTX_24, torch_can=True, binding_can=False)
    assert of_file(MIDDLE, unpackable=False, settings=settings, facts=facts).runtime == "llama.cpp"


def test_the_settings_have_the_last_word(settings: Settings) -> None:
    facts = Facts(RTX_24, torch_can=True, binding_can=True)
    asked = settings.model_copy(update={"engine": "transformers", "device": "cpu"})
    place = of_file(MIDDLE, unpackable=True, settings=asked, facts=facts)
    assert (place.runtime, place.device) == ("transformers", "cpu")
    asked = settings.model_copy(update={"engine": "llama.cpp"})
    place = of_file(MIDDLE, unpackable=True, settings=asked, facts=Facts(RTX_24, torch_can=True, binding_can=False))
    assert (place.runtime, place.device) == ("llama.cpp", "cpu")


@pytest.mark.parametrize(
    ("parameters", "facts", "where"),
    [
        (SMALL, NO_CARD, "cpu"),
        (SMALL, Facts(RTX_8, torch_can=True, binding_can=False), "cuda"),
        (LARGE, Facts(RTX_8, torch_can=True, binding_can=False), "cpu"),
        (SMALL, Facts(RTX_8, torch_can=False, binding_can=True), "cpu"),
        (MIDDLE, Facts(APPLE, torch_can=True, binding_can=True), "mps"),
    ],
)
def test_where_a_folder_runs(parameters: int, facts: Facts, where: str, settings: Settings) -> None:
    assert of_folder(parameters, settings, facts).device == where


@pytest.mark.parametrize(
    ("card", "version", "system", "can"),
    [
        (RTX_8, "2.13.0+cpu", "linux", False),
        (RTX_8, "2.13.0+cu130", "win32", True),
        (RTX_8, "2.13.0", "linux", True),
        (RTX_8, "2.13.0", "win32", False),
        (APPLE, "2.13.0", "darwin", True),
        (RTX_8, "", "linux", False),
    ],
)
def test_what_a_build_of_torch_can(card: Accelerator, version: str, system: str, can: bool) -> None:
    assert torch_can(card, version, system) is can


def test_what_nvidia_smi_lists() -> None:
    two = cards("NVIDIA A100-SXM4-80GB, 81920, 550.54\nTesla T4, 15360, 550.54\n")
    assert [(card.name, card.memory_bytes // GIB) for card in two] == [
        ("NVIDIA A100-SXM4-80GB", 80),
        ("Tesla T4", 15),
    ]
    assert cards("") == cards("NVIDIA-SMI has failed") == cards("Quadro, [N/A], 1.0") == ()


def test_a_card_makes_the_pool_take_transformers(
    tiny_gguf: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: (RTX_8,))
    monkeypatch.setattr(device, "facts", lambda: Facts(RTX_8, torch_can=True, binding_can=False))
    pool = Pool(settings)
    assert isinstance(pool.generator("tiny", tiny_gguf).engine, Transformers)
    assert not pool.generator("tiny", tiny_gguf).looks
    assert pool.generator("tiny", tiny_gguf, "llama.cpp").looks
    pool.close()


def test_an_unpacked_file_writes_and_names_its_memory_first(tiny_gguf: Path, settings: Settings) -> None:
    pool = Pool(settings.model_copy(update={"engine": "transformers", "device": "cpu"}))
    engine = pool.generator("tiny", tiny_gguf).engine
    assert isinstance(engine, Transformers)
    from llm_core.models import gguf

    assert engine.memory_bytes >= gguf.read(tiny_gguf).parameters * device.UNPACKING_BYTES
    text, finished = reply(engine, "Hello.", GREEDY)
    assert text
    assert finished.reply_tokens == 24
    llama = Pool(settings)
    other = llama.generator("tiny", tiny_gguf)
    assert engine.count_tokens([Message("user", "Hello.")]) == other.count_tokens([Message("user", "Hello.")])
    assert engine.context_tokens == other.context_tokens
    pool.close()
    llama.close()


@pytest.mark.parametrize(("card", "first"), [(RTX_8, "qwen3-4b-q4_k_m"), (APPLE, ""), (None, "")])
def test_a_card_of_eight_gigabytes_is_worth_the_4b(
    card: Accelerator | None, first: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_core.catalog import choose

    monkeypatch.setattr(machine, "accelerators", lambda: (card,) if card else ())
    monkeypatch.setattr(machine, "memory_bytes", lambda: 16 * GIB)
    choice = choose.choose("chat", settings)
    assert (choice.entry.id == "qwen3-4b-q4_k_m") is bool(first)
    assert (choice.reason == "models.reason_card") is bool(first)
