"""One loaded copy of each model for all, and idle ones go when memory asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llm_core import machine
from llm_core.engines.base import Generator, Opening, Sampling, Writing
from llm_core.engines.pool import Pool
from llm_core.errors import UserError
from llm_core.settings import Settings
from tests.engines.replies import GREEDY, ask, eventually, reply, text_of, until
from tests.tiny_gguf import write_tiny_gguf

ENDLESS = Sampling(max_tokens=100_000)
ALL_MEMORY_MIB = 10**9  # no machine has so much free, so that room is always short


@pytest.fixture
def pool(settings: Settings) -> Iterator[Pool]:
    """With room for everything."""
    pool = Pool(settings.model_copy(update={"free_memory_min_mib": 0}))
    yield pool
    pool.close()


@pytest.fixture
def short_pool(settings: Settings) -> Iterator[Pool]:
    """Where memory is always short."""
    pool = Pool(settings.model_copy(update={"free_memory_min_mib": ALL_MEMORY_MIB, "model_load_s": 8}))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def other_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second model."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "other.gguf", seed=1)


def test_all_share_one_copy_which_opens_with_the_first_request(pool: Pool, tiny_gguf: Path) -> None:
    generator = pool.generator("tiny", tiny_gguf)
    assert generator is pool.generator("tiny", tiny_gguf)
    assert isinstance(generator, Generator)
    assert generator.context_tokens == 8192
    assert pool.open_models() == []
    with ThreadPoolExecutor(4) as threads:
        texts = list(threads.map(lambda _: reply(generator, "Hello.")[0], range(4)))
    assert len(set(texts)) == 1
    assert pool.open_models() == ["tiny"]


def test_counting_opens_the_model_too(pool: Pool, tiny_gguf: Path) -> None:
    generator = pool.generator("tiny", tiny_gguf)
    assert generator.count_tokens(ask("Hello.")) == reply(generator, "Hello.")[1].prompt_tokens


def test_models_stay_open_side_by_side_where_there_is_room(pool: Pool, tiny_gguf: Path, other_gguf: Path) -> None:
    first = reply(pool.generator("tiny", tiny_gguf), "Hello.")[0]
    assert reply(pool.generator("other", other_gguf), "Hello.")[0] != first
    assert pool.open_models() == ["tiny", "other"]


def test_an_idle_model_goes_when_another_needs_room(short_pool: Pool, tiny_gguf: Path, other_gguf: Path) -> None:
    tiny = short_pool.generator("tiny", tiny_gguf)
    first = reply(tiny, "Hello.")[0]
    reply(short_pool.generator("other", other_gguf), "Hello.")
    assert short_pool.open_models() == ["other"]
    assert reply(tiny, "Hello.")[0] == first
    assert short_pool.open_models() == ["tiny"]


def test_a_model_in_use_stays_and_the_other_waits_for_room(
    short_pool: Pool, tiny_gguf: Path, other_gguf: Path
) -> None:
    writing = short_pool.generator("tiny", tiny_gguf).generate([ask("Hello.")], ENDLESS)
    until(writing, lambda step: isinstance(step, Writing))
    waiting = short_pool.generator("other", other_gguf).generate([ask("Hello.")], GREEDY)
    for _ in range(3):
        assert isinstance(next(waiting), Opening)
    assert short_pool.open_models() == ["tiny"]
    writing.close()  # type: ignore[attr-defined]
    assert len(text_of(waiting)) >= 24
    assert short_pool.open_models() == ["other"]


def test_who_finds_no_room_in_time_is_told_so(settings: Settings, tiny_gguf: Path, other_gguf: Path) -> None:
    hasty = Pool(settings.model_copy(update={"free_memory_min_mib": ALL_MEMORY_MIB}))
    writing = hasty.generator("tiny", tiny_gguf).generate([ask("Hello.")], ENDLESS)
    until(writing, lambda step: isinstance(step, Writing))
    hasty._settings = hasty._settings.model_copy(update={"model_load_s": 0.2})
    with pytest.raises(UserError, match="memory_short"):
        reply(hasty.generator("other", other_gguf), "Hello.")
    assert isinstance(until(writing, lambda step: isinstance(step, Writing)), Writing)
    hasty.close()


def test_memory_can_be_asked_back(short_pool: Pool, tiny_gguf: Path) -> None:
    tiny = short_pool.generator("tiny", tiny_gguf)
    writing = tiny.generate([ask("Hello.")], ENDLESS)
    until(writing, lambda step: isinstance(step, Writing))
    short_pool.relieve()
    assert short_pool.open_models() == ["tiny"]  # in use
    writing.close()  # type: ignore[attr-defined]
    short_pool.relieve()
    assert short_pool.open_models() == []
    assert reply(tiny, "Hello.")[1].reply_tokens == 24


def test_a_bad_model_leaves_no_trace(pool: Pool, tiny_gguf: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(tiny_gguf.read_bytes()[:100_000])
    for _ in range(2):
        with pytest.raises(UserError, match="gguf_cut"):
            reply(pool.generator("bad", bad), "Hello.")
    assert pool.open_models() == []
    assert reply(pool.generator("tiny", tiny_gguf), "Hello.")[1].reply_tokens == 24


def test_stopping_one_who_opens_lets_the_next_one_open(pool: Pool, tiny_gguf: Path, other_gguf: Path) -> None:
    opening = pool.generator("tiny", tiny_gguf).generate([ask("Hello.")], GREEDY)
    assert isinstance(next(opening), Opening)
    opening.close()  # type: ignore[attr-defined]
    assert reply(pool.generator("other", other_gguf), "Hello.")[1].reply_tokens == 24
    assert eventually(lambda: pool.open_models() == ["other"])


def test_a_forgotten_model_is_closed_and_known_no_longer(pool: Pool, tiny_gguf: Path) -> None:
    before = pool.generator("tiny", tiny_gguf)
    reply(before, "Hello.")
    pool.forget("tiny")
    assert pool.open_models() == []
    assert pool.generator("tiny", tiny_gguf) is not before


def test_closing_ends_everything_and_is_no_end(pool: Pool, tiny_gguf: Path) -> None:
    generator = pool.generator("tiny", tiny_gguf)
    writing = generator.generate([ask("Hello.")], ENDLESS)
    until(writing, lambda step: isinstance(step, Writing))
    pool.close()
    assert pool.open_models() == []
    with pytest.raises(UserError, match="engine_died"):
        list(writing)
    assert reply(generator, "Hello.")[1].reply_tokens == 24


def test_an_idle_model_is_closed_by_itself_when_memory_runs_short(
    tiny_gguf: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(settings.model_copy(update={"memory_watch_s": 0.05}))
    generator = pool.generator("tiny", tiny_gguf)
    reply(generator, "Hello.")
    assert pool.open_models() == ["tiny"]
    monkeypatch.setattr(machine, "free_memory_bytes", lambda: 0)
    assert eventually(lambda: pool.open_models() == [])
    monkeypatch.undo()
    assert reply(generator, "Hello.")[1].reply_tokens == 24, "and opens again when it is needed"
    pool.close()
