"""Whatever a model file does, one clear sentence comes out, and the next model opens."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from llm_core.engines.llama import Llama
from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, explain
from llm_core.models import gguf
from llm_core.settings import Settings
from tests.engines.replies import GREEDY, ask, reply


def cut(good: bytes) -> bytes:
    return good[: len(good) // 2]


def header_only(good: bytes) -> bytes:
    return good[:600]


def noise(good: bytes) -> bytes:
    return random.Random(0).randbytes(50_000)


def noise_behind_the_magic(good: bytes) -> bytes:
    return b"GGUF" + noise(good)


def of_the_future(good: bytes) -> bytes:
    return good[:4] + struct.pack("<I", 99) + good[8:]


def huge_counts(good: bytes) -> bytes:
    return good[:8] + struct.pack("<QQ", 2**62, 2**62) + good[24:]


def four_million_layers(good: bytes) -> bytes:
    return with_figure(good, b"llama.block_count", 4_000_000)


def nine_thousand_layers(good: bytes) -> bytes:  # passes our look at the header; native code is asked
    return with_figure(good, b"llama.block_count", 9_000)


def unknown_architecture(good: bytes) -> bytes:
    return good.replace(b"llama", b"lxxxa")


def broken_template(good: bytes) -> bytes:
    return good.replace(b"{% for message", b"{% fox message")


def with_figure(good: bytes, key: bytes, value: int) -> bytes:
    at = good.index(key) + len(key) + 4
    return good[:at] + struct.pack("<I", value) + good[at + 4 :]


HOSTILE = [
    cut,
    header_only,
    noise,
    noise_behind_the_magic,
    of_the_future,
    huge_counts,
    four_million_layers,
    nine_thousand_layers,
    unknown_architecture,
    broken_template,
    lambda good: b"",
    lambda good: b"GGUF",
]


@pytest.mark.parametrize("harm", HOSTILE, ids=lambda harm: harm.__name__)
def test_a_bad_file_costs_one_sentence(harm, tiny_gguf: Path, tmp_path: Path, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "bad.gguf"
    path.write_bytes(harm(tiny_gguf.read_bytes()))
    engine = Llama("bad", path, settings.model_copy(update={"context_tokens": 256}))
    with pytest.raises(UserError) as error:
        list(engine.generate([ask("Hello.")], GREEDY))
    assert error.value.code == "model_unusable" or error.value.code.startswith("gguf_")
    for language in LANGUAGES:
        assert explain(error.value, language)
    path.write_bytes(tiny_gguf.read_bytes())  # fetched again
    assert reply(engine, "Hello.")[1].reply_tokens == 24
    engine.close()


@pytest.mark.parametrize("name", ["missing.gguf", "."])
def test_a_file_that_is_not_there_is_missing(name: str, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UserError, match="model_path_missing"):
        list(Llama("gone", tmp_path / name, settings).generate([ask("Hello.")], GREEDY))


def test_a_name_in_any_script_is_a_name(tiny_gguf: Path, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "模型 文件's #1.gguf"
    path.write_bytes(tiny_gguf.read_bytes())
    engine = Llama("模型", path, settings)
    assert reply(engine, "Hello.")[1].reply_tokens == 24
    engine.close()


def test_too_little_memory_is_said_before_anything_is_tried(
    tiny_gguf: Path, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "greedy.gguf"
    path.write_bytes(with_figure(tiny_gguf.read_bytes(), b"llama.context_length", 2**26))
    with pytest.raises(UserError) as error:
        list(
            Llama("greedy", path, settings.model_copy(update={"context_tokens": 2**26})).generate(
                [ask("Hello.")], GREEDY
            )
        )
    assert error.value.code == "memory_short"
    assert error.value.facts["need"] > error.value.facts["free"] > 0


def test_the_header_tells_what_opening_needs(tiny_gguf: Path) -> None:
    header = gguf.read(tiny_gguf)
    assert header.context_tokens == 32_768
    assert header.cache_bytes_per_token == 2 * 2 * (16 + 16) * 2  # layers, heads, key and value, f16
    assert header.memory_bytes(1000) > header.bytes + 1000 * header.cache_bytes_per_token


@hypothesis_settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 3_000), junk=st.binary(min_size=1, max_size=40), keep=st.integers(0, 20_000))
def test_any_header_is_read_or_refused(at: int, junk: bytes, keep: int, tiny_gguf: Path, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    good = tiny_gguf.read_bytes()
    path = tmp_path_factory.mktemp("junk") / "x.gguf"
    path.write_bytes((good[:at] + junk + good[at + len(junk) :])[: keep + 24])
    try:
        assert gguf.read(path).context_tokens > 0
    except UserError as error:
        assert error.code.startswith("gguf_")
