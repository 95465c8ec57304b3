"""A Transformers folder writes: as Transformers itself would, streamed, seeded, stopped at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.base import Finished, Generator, Message, Prompt, Reading, Sampling, Step, Waiting, Writing
from llm_core.engines.pool import Pool
from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.settings import Settings
from tests.engines.replies import GREEDY, ask, reply, text_of, tokens_of, until
from tests.engines.tiny_recurrent import write_tiny_recurrent

DECODER = FOLDER / "decoder-zh-en"
SEEDED = Sampling(seed=7, max_tokens=30)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Transformers:
    """The bundled decoder with two slots."""
    return Transformers("decoder", DECODER, Settings(home=tmp_path_factory.mktemp("home"), offline=True))


@pytest.fixture
def recurrent(settings: Settings, tmp_path: Path) -> Transformers:
    """A tiny recurrent model that never ends by itself; it reads 16 tokens at a time."""
    folder = write_tiny_recurrent(tmp_path / "recurrent")
    return Transformers("recurrent", folder, settings.model_copy(update={"prefill_batch_tokens": 16}))


def test_it_writes_what_transformers_would(decoder: Transformers) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(DECODER)
    model: Any = AutoModelForCausalLM.from_pretrained(DECODER, dtype="float32").eval()
    for text in ("Once upon a time", "从前有一座山，"):
        given = tokenizer("<|endoftext|>" + text, return_tensors="pt")
        out = model.generate(**given, do_sample=False, max_new_tokens=24)[0, given["input_ids"].shape[1] :]
        written, finished = reply(decoder, text)
        assert written == tokenizer.decode(out, skip_special_tokens=True)
        assert finished.prompt_tokens == given["input_ids"].shape[1]
    assert isinstance(decoder, Generator)


def test_only_the_last_words_are_continued(decoder: Transformers) -> None:
    alone = reply(decoder, "The harbour was")[0]
    turns: Prompt = [
        Message("system", "You are a pirate."), Message("user", "Hello."), Message("assistant", "Ahoy!"),
        Message("user", "The harbour was"),
    ]  # fmt: skip
    assert text_of(decoder.generate([turns], GREEDY)) == alone
    begun = [*turns[:-1], Message("user", "The harbour"), Message("assistant", " was")]
    assert text_of(decoder.generate([begun], GREEDY)) == alone
    assert decoder.count_tokens(turns) == decoder.count_tokens(ask("The harbour was"))


def test_a_seed_gives_the_same_reply(decoder: Transformers) -> None:
    first = reply(decoder, "The harbour", SEEDED)[0]
    assert reply(decoder, "The harbour", SEEDED)[0] == first
    assert reply(decoder, "The harbour", Sampling(seed=8, max_tokens=30))[0] != first
    both = list(decoder.generate([ask("The harbour"), ask("The harbour")], SEEDED))
    assert text_of(both, 0) == text_of(both, 1) == first


def test_prompts_side_by_side_are_told_apart(decoder: Transformers) -> None:
    texts = ["The harbour was", "The mountain was", "A very long winter came over the old"]
    steps = list(decoder.generate([ask(text) for text in texts], GREEDY))
    for number, text in enumerate(texts):
        assert text_of(steps, number) == reply(decoder, text)[0]
    assert sorted(step.prompt for step in steps if isinstance(step, Finished)) == [0, 1, 2]


@pytest.mark.parametrize("text", ["从前有一座山，山上有", "The harbour was"])
def test_tokens_spell_the_reply_and_know_what_else_could_stand_there(decoder: Transformers, text: str) -> None:
    sampling = Sampling(temperature=0, repetition_penalty=1, max_tokens=30, alternatives=3)
    steps = list(decoder.generate([ask(text)], sampling))
    tokens = tokens_of(steps)
    assert "".join(token.text for token in tokens) == text_of(steps).rstrip("\ufffd")
    for token in tokens:
        assert len(token.choices) == 3
        assert token.choices[0].text == token.text  # the likeliest was taken
        assert token.choices[0].logprob == token.logprob
        assert 0 > token.choices[0].logprob >= token.choices[1].logprob >= token.choices[2].logprob


def test_the_tokens_of_a_reply_score_as_it_was_written(decoder: Transformers) -> None:
    prompt = "Once upon a time"
    steps = list(decoder.generate([ask(prompt)], Sampling(temperature=0, max_tokens=20, alternatives=1)))
    before, after = decoder.score([prompt, prompt + text_of(steps)])
    assert after.tokens == before.tokens + 20, "the reply is cut into the tokens that it was written in"
    written = sum(token.logprob for token in tokens_of(steps))
    assert after.log_likelihood - before.log_likelihood == pytest.approx(written, abs=1e-3)


def tokens_read(engine: Transformers) -> list[int]:
    """How many tokens each later step of the open model reads."""
    read: list[int] = []
    assert engine._current and engine._current.causal
    model = engine._current.causal.model
    model.register_forward_pre_hook(lambda _, __, given: read.append(given["input_ids"].numel()), with_kwargs=True)
    return read


def test_a_token_costs_one_step_whatever_came_before(recurrent: Transformers) -> None:
    list(recurrent.generate([], GREEDY))
    read = tokens_read(recurrent)
    steps = list(recurrent.generate([ask("x" * 100)], Sampling(temperature=0, max_tokens=50)))
    assert sum(read) == 100 + 49  # the last token is not read
    assert [step.done for step in steps if isinstance(step, Reading)] == [16, 32, 48, 64, 80, 96, 100]


def test_a_state_goes_on_beyond_what_was_trained_together(recurrent: Transformers, decoder: Transformers) -> None:
    assert recurrent.context_tokens == 8192
    assert decoder.context_tokens == 256


def test_closing_ends_the_computing(recurrent: Transformers) -> None:
    steps = recurrent.generate([ask("boat")], Sampling(max_tokens=4000))
    until(steps, lambda step: isinstance(step, Writing))
    read = tokens_read(recurrent)
    steps.close()
    assert read == []
    assert recurrent._line._running == 0, "and its slot is free"


def test_a_stop_sequence_ends_the_reply_before_it(decoder: Transformers) -> None:
    whole = reply(decoder, "Once upon a time")[0]
    place = whole.index(" ", 8)
    stop = whole[place : place + 4]
    cut, finished = reply(decoder, "Once upon a time", Sampling(0, repetition_penalty=1, max_tokens=24, stop=(stop,)))
    assert cut == whole[: whole.index(stop)]
    assert finished.reason == "stop"


def test_a_reply_ends_where_the_context_does(decoder: Transformers) -> None:
    _, finished = reply(decoder, "Once upon a time", Sampling(seed=1, max_tokens=4000, repetition_penalty=1.2))
    assert finished.prompt_tokens + finished.reply_tokens == 256 or finished.reason == "stop"
    with pytest.raises(UserError, match="prompt_too_long"):
        reply(decoder, "boat and " * 300)
    with pytest.raises(UserError, match="text_unusable"):
        reply(decoder, "\ud800")


def test_who_comes_when_all_slots_are_taken_waits(recurrent: Transformers) -> None:
    first, second, third = (recurrent.generate([ask("boat")], Sampling(max_tokens=500)) for _ in range(3))
    for taken in (first, second):
        until(taken, lambda step: isinstance(step, Writing))
    assert until(third, lambda step: isinstance(step, Waiting)) == Waiting(0, 1)
    first.close()
    assert isinstance(until(third, lambda step: isinstance(step, Writing)), Writing)


@pytest.fixture
def pool(settings: Settings) -> Iterator[Pool]:
    pool = Pool(settings.model_copy(update={"free_memory_min_mib": 0}))
    yield pool
    pool.close()


def test_the_pool_opens_a_folder_and_lets_it_go(pool: Pool) -> None:
    model = pool.generator("decoder", DECODER, "transformers")
    assert model.context_tokens == 256
    assert pool.open_models() == []
    steps: Iterator[Step] = model.generate([ask("Once")], Sampling(max_tokens=200, seed=1))
    until(steps, lambda step: isinstance(step, Writing))
    assert pool.open_models() == ["decoder"]
    assert model.score(["Once upon a time"])[0].tokens == 4
    pool.close()
    assert pool.open_models() == []
    with pytest.raises(UserError, match="engine_died"):
        list(steps)


def broken(folder: Path, how: str) -> Path:
    """A copy of the decoder, spoilt."""
    shutil.copytree(DECODER, folder)
    match how:
        case "cut":
            path = folder / "model.safetensors"
            path.write_bytes(path.read_bytes()[:100_000])
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "pickle":
            (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        case "own code":
            config = json.loads((folder / "config.json").read_text("utf-8"))
            config |= {"model_type": "theirs", "auto_map": {"AutoConfig": "a.C", "AutoModelForCausalLM": "a.M"}}
            (folder / "config.json").write_text(json.dumps(config), "utf-8")
            (folder / "a.py").write_text(f"open({str(folder / 'ran')!r}, 'w')", "utf-8")
        case "no config":
            (folder / "config.json").write_text("[", "utf-8")
    return folder


@pytest.mark.parametrize("how", ["cut", "no weights", "pickle", "own code", "no config"])
def test_a_broken_or_hostile_folder_is_refused(settings: Settings, tmp_path: Path, how: str) -> None:
    engine = Transformers("broken", broken(tmp_path / "broken", how), settings)
    for _ in range(2):
        with pytest.raises(UserError, match="model_unusable"):
            reply(engine, "Hello.")
    assert not engine.is_open
    assert not (tmp_path / "broken" / "ran").exists()
