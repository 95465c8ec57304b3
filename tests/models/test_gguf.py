"""The header reader: real files pass, everything else is refused with one sentence, in little memory and time."""

from __future__ import annotations

import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, explain
from llm_core.models import gguf
from tests.tiny_gguf import CHATML, LAYERS, WIDTH

Fact = tuple[str, int, bytes]


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def string(key: str, value: str) -> Fact:
    return (key, gguf.STRING, text(value))


def number(key: str, value: int) -> Fact:
    return (key, 4, struct.pack("<I", value))


FACTS: tuple[Fact, ...] = (
    string("general.architecture", "llama"),
    string("general.name", "by hand 手写"),
    number("llama.block_count", 2),
    number("llama.context_length", 512),
    number("llama.embedding_length", 64),
    number("llama.attention.head_count", 4),
    ("llama.feed_forward_length", gguf.ARRAY, struct.pack("<IQ2I", 4, 2, 128, 128)),
    ("tokenizer.ggml.tokens", gguf.ARRAY, struct.pack("<IQ", gguf.STRING, 3) + text("a") + text("你") + text("c")),
    string("tokenizer.chat_template", CHATML),
)


def written(
    facts: tuple[Fact, ...] = FACTS,
    *,
    version: int = 3,
    tensors: int | None = None,
    shape: tuple[int, ...] = (64, 8),
    kind: int = 0,
    offset: int = 0,
    body: int = 64 * 8 * 4,
) -> bytes:
    """A GGUF file of one tensor, by hand: everything about it can be wrong."""
    out = gguf.MAGIC + struct.pack("<IQQ", version, 1 if tensors is None else tensors, len(facts))
    for key, value_kind, value in facts:
        out += text(key) + struct.pack("<I", value_kind) + value
    out += text("token_embd.weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return out + b"\0" * (-len(out) % 32) + b"\0" * body


def but(*changed: Fact) -> tuple[Fact, ...]:
    keys = {key for key, _, _ in changed}
    return (*(fact for fact in FACTS if fact[0] not in keys), *changed)


def refusal(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        gguf.read(path)
    assert all("model.gguf" in explain(raised.value, language) for language in LANGUAGES)
    return raised.value.code


def test_a_real_file_says_what_it_is(tiny_gguf: Path) -> None:
    header = gguf.read(tiny_gguf)
    assert (header.architecture, header.name, header.layers, header.width) == ("llama", "tiny", LAYERS, WIDTH)
    assert header.context_tokens == 32_768
    assert header.chat_template
    assert header.bytes == tiny_gguf.stat().st_size
    assert 100_000 < header.parameters < header.bytes / 4


def test_one_written_by_hand_passes(tmp_path: Path) -> None:
    (tmp_path / "ok.gguf").write_bytes(written())
    header = gguf.read(tmp_path / "ok.gguf")
    assert (header.name, header.parameters, header.context_tokens) == ("by hand 手写", 512, 512)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("gguf_not_one", b""),
        ("gguf_not_one", b"GG"),
        ("gguf_not_one", b"<!DOCTYPE html>"),
        ("gguf_version", written(version=1)),
        ("gguf_version", written(version=99)),
        ("gguf_version", written(version=0x03000000)),  # the other byte order
        ("gguf_cut", gguf.MAGIC),
        ("gguf_cut", written()[:100]),
        ("gguf_cut", written()[:-1]),
        ("gguf_cut", written(offset=1 << 40)),
        ("gguf_strange", written(offset=1)),
        ("gguf_strange", written(tensors=0)),
        ("gguf_strange", written(tensors=1 << 63)),
        ("gguf_strange", written(shape=(64, 0))),
        ("gguf_strange", written(shape=(1 << 32, 1 << 32, 1 << 32))),
        ("gguf_strange", written(shape=(100, 8), kind=12)),  # a row is no whole number of blocks
        ("gguf_strange", written(facts=(*FACTS, FACTS[0]))),
        ("gguf_strange", written(facts=FACTS[1:])),
        ("gguf_strange", written(facts=but(number("llama.block_count", 4_000_000)))),  # native code aborts on it
        ("gguf_strange", written(facts=but(number("llama.block_count", 0)))),
        ("gguf_strange", written(facts=but(number("llama.attention.head_count", 1 << 31)))),
        ("gguf_strange", written(facts=but(string("llama.context_length", "many")))),
        ("gguf_strange", written(facts=but(("general.name", 77, b"")))),
        ("gguf_strange", written(facts=but(("x", gguf.ARRAY, struct.pack("<IQ", gguf.ARRAY, 1))))),
        ("gguf_strange", written(facts=but(("x", gguf.ARRAY, struct.pack("<IQ", gguf.STRING, 1 << 60))))),
        ("gguf_cut", written(facts=but(("x", gguf.ARRAY, struct.pack("<IQ", 4, 1 << 62))))),
        ("gguf_cut", written(facts=but(("x", gguf.STRING, struct.pack("<Q", 1 << 63))))),
        ("gguf_no_writer", written(facts=but(string("general.architecture", "nomic-bert")))),
        ("gguf_split", written(facts=but(number("split.count", 3)))),
        ("gguf_strange", written(facts=but(number("general.alignment", 0)))),
        ("gguf_strange", written(facts=but(string("general.architecture", "a\nb")))),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, code: str, content: bytes) -> None:
    assert refusal(tmp_path, content) == code


@pytest.mark.parametrize("name", ["absent.gguf", "", "a\0b", "x" * 5000])
def test_no_file_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="model_path_missing"):
        gguf.read(tmp_path / name)


def test_millions_of_strings_take_seconds_not_memory(tmp_path: Path) -> None:
    count = 300_000
    tokens = ("tokenizer.ggml.tokens", gguf.ARRAY, struct.pack("<IQ", gguf.STRING, count) + text("token") * count)
    path = tmp_path / "model.gguf"
    path.write_bytes(written(facts=but(tokens)))
    start = time.process_time()
    gguf.read(path)
    assert time.process_time() - start < 5


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(written())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 64 * 8 * 4))
        change = data.draw(st.binary(max_size=16) | st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f"]))
        if data.draw(st.booleans()):
            content[at : at + len(change)] = change
        else:
            content[at : at + data.draw(st.integers(0, 40))] = change
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    gguf._read.cache_clear()
    tracemalloc.start()
    try:
        gguf.read(path)
    except UserError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 8 * gguf.WINDOW_BYTES


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_behind_the_magic_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf.MAGIC + struct.pack("<I", 3) + content)
    gguf._read.cache_clear()
    with pytest.raises(UserError):
        gguf.read(path)
