"""Which model a task takes, and what a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_core import machine
from llm_core.catalog import choose, hashes
from llm_core.catalog.recommended import builtin
from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, explain, say
from llm_core.settings import Settings
from tests.catalog.conftest import MODEL, SMALL, Source, catalog_of
from tests.tiny_gguf import write_tiny_gguf

GENERAL, CODER, HALF = (
    "qwen2.5-1.5b-instruct-q4_k_m",
    "qwen2.5-coder-1.5b-instruct-q4_k_m",
    "qwen2.5-coder-0.5b-instruct-q4_k_m",
)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The machine's memory in bytes, for a test to change."""
    value = [16_000_000_000]
    monkeypatch.setattr(machine, "memory_bytes", lambda: value[0])
    return value


def chosen(settings: Settings, name: str | None = None) -> tuple[str, str]:
    choice = choose.choose("chat", settings, name)
    assert all(say(language, choice.reason, **choice.facts) for language in LANGUAGES)
    return choice.entry.id, choice.reason


def put_sparse(settings: Settings, name: str, tiny: Path) -> None:
    """A file of the model's own size, whose header is sane: what it weighs is a hole."""
    path = builtin().entries[name].path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiny.read_bytes())
    with path.open("rb+") as file:
        file.truncate(builtin().entries[name].bytes)


@pytest.mark.parametrize(
    ("bytes_", "order", "reason"),
    [
        (16_000_000_000, [GENERAL, CODER, HALF], "models.reason_suits"),
        (6_000_000_000, [GENERAL, CODER, HALF], "models.reason_suits"),
        (5_900_000_000, [HALF], "models.reason_small_memory"),
        (500_000_000, [HALF], "models.reason_small_memory"),
    ],
)
def test_memory_decides_what_is_fetched(
    settings: Settings, memory: list[int], bytes_: int, order: list[str], reason: str
) -> None:
    memory[0] = bytes_
    choice = choose.choose("chat", settings)
    assert [entry.id for entry in choice.to_fetch] == order
    assert (choice.entry.id, choice.reason, choice.entry.path) == (order[0], reason, None)
    assert choose.find("recommended", settings).id == order[0]


def test_a_small_disk_decides_too(settings: Settings, memory: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_disk_bytes", lambda _: 600_000_000)
    assert chosen(settings) == (HALF, "models.reason_small_disk")


def test_one_that_is_begun_is_finished_before_its_sister_is_begun(settings: Settings, memory: list[int]) -> None:
    target = builtin().entries[CODER].target(settings)
    target.grown.parent.mkdir(parents=True)
    target.grown.write_bytes(b"GGUF")
    assert [entry.id for entry in choose.to_fetch("chat", settings)] == [CODER, GENERAL, HALF]


def test_the_best_that_is_here_is_taken(settings: Settings, memory: list[int], tiny_gguf: Path) -> None:
    put_sparse(settings, "smollm2-135m-instruct-q4_1", tiny_gguf)
    assert chosen(settings) == ("smollm2-135m-instruct-q4_1", "models.reason_here")
    put_sparse(settings, HALF, tiny_gguf)
    choice = choose.choose("chat", settings)
    assert choice.entry.id == HALF
    assert [entry.id for entry in choice.to_fetch] == [GENERAL, CODER]  # what would be better
    put_sparse(settings, CODER, tiny_gguf)
    choice = choose.choose("chat", settings)
    assert (choice.entry.id, choice.to_fetch) == (CODER, ())  # its sister is no reason for another gigabyte
    assert choose.find("recommended", settings).id == CODER
    memory[0] = 4_000_000_000
    assert chosen(settings)[0] == HALF


def test_a_model_that_is_tight_is_better_than_none(settings: Settings, memory: list[int], tiny_gguf: Path) -> None:
    put_sparse(settings, CODER, tiny_gguf)
    memory[0] = 4_000_000_000
    assert chosen(settings) == (CODER, "models.reason_tight")


def test_a_damaged_model_is_not_taken(settings: Settings, memory: list[int], tiny_gguf: Path) -> None:
    put_sparse(settings, HALF, tiny_gguf)
    path = builtin().entries[HALF].path(settings)
    hashes.note(path, "0" * 64, path.stat().st_mtime_ns)
    assert choose.choose("chat", settings).entry.path is None


def test_a_file_of_one_s_own_is_found(settings: Settings, memory: list[int]) -> None:
    settings.paths.models.mkdir(parents=True)
    write_tiny_gguf(settings.paths.models / "My model.gguf")
    assert chosen(settings) == ("My model", "models.reason_only_file")
    assert chosen(settings, "my mod") == ("My model", "models.reason_asked")


def test_a_name_can_be_a_path_a_beginning_or_a_task(settings: Settings, memory: list[int], tiny_gguf: Path) -> None:
    assert chosen(settings, "smol")[0] == "smollm2-135m-instruct-q4_1"
    assert chosen(settings, "SMOL")[0] == "smollm2-135m-instruct-q4_1"
    assert chosen(settings, "chat")[0] == GENERAL
    choice = choose.choose("chat", settings, str(tiny_gguf))
    assert (choice.entry.id, choice.entry.path, choice.to_fetch) == ("tiny", tiny_gguf, ())


def test_the_default_of_the_settings_counts(settings: Settings, memory: list[int], tiny_gguf: Path) -> None:
    own = settings.model_copy(update={"model": str(tiny_gguf)})
    assert chosen(own)[0] == "tiny"
    assert chosen(own, "chat")[0] == "tiny"
    assert chosen(own, HALF)[0] == HALF


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no/such/../model", "model_path_missing"),
        ("..\\..\\x.gguf", "model_path_missing"),
        ("missing.gguf", "model_path_missing"),
        ("a\0b/c", "model_path_missing"),
        ("/", "model_path_missing"),
        ("qwen2.5", "model_ambiguous"),
        ("qwen9", "model_unknown"),
        ("\ud800\n", "model_unknown"),
        ("x" * 100_000, "model_unknown"),
        ("/" * 100_000, "model_path_missing"),
    ],
)
def test_any_other_name_is_one_clear_sentence(settings: Settings, memory: list[int], name: str, code: str) -> None:
    with pytest.raises(UserError) as raised:
        choose.choose("chat", settings, name)
    assert raised.value.code == code
    for language in LANGUAGES:
        sentence = explain(raised.value, language)
        assert "\n" not in sentence
        assert len(sentence.encode()) < 600


def test_the_nearest_names_are_said(settings: Settings, memory: list[int]) -> None:
    with pytest.raises(UserError) as raised:
        choose.choose("chat", settings, "qwen3-4b-q4km")
    assert raised.value.facts["nearest"].startswith("qwen3-4b-q4_k_m")


def test_a_path_to_something_else_says_what_is_wrong_with_it(settings: Settings, memory: list[int]) -> None:
    with pytest.raises(UserError, match="gguf_not_one"):
        choose.choose("chat", settings, __file__)


def test_another_catalog_can_be_given(settings: Settings, memory: list[int]) -> None:
    catalog = catalog_of(Source("big", MODEL), Source("small", SMALL))
    assert choose.choose("chat", settings, catalog=catalog).entry.id == "big"
