"""The llama.cpp engine, on a real child process with a tiny model."""

from __future__ import annotations

import json
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from llm_core.engines.base import (
    Capability,
    Finished,
    Generator,
    Idle,
    Message,
    Opening,
    Reading,
    Sampling,
    Waiting,
    Writing,
)
from llm_core.engines.llama import Llama
from llm_core.errors import UserError
from tests.engines.replies import (
    GREEDY,
    ask,
    cpu_s,
    cpu_until_still,
    eventually,
    reply,
    text_of,
    tokens_of,
    until,
)

CREATIVE = Sampling(temperature=1.5, max_tokens=40)
ENDLESS = Sampling(max_tokens=20_000)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "kind": {"enum": ["cat", "dog"]}},
    "required": ["name", "kind"],
    "additionalProperties": False,
}


def test_it_is_a_generator(engine: Llama) -> None:
    assert isinstance(engine, Generator)
    assert {
        Capability.JSON_SCHEMA,
        Capability.GRAMMAR,
        Capability.LOGPROBS,
        Capability.EXACT_SEED,
    } <= engine.capabilities


def test_a_reply_is_read_then_written_piece_by_piece_then_finished(engine: Llama) -> None:
    steps = list(engine.generate([ask("word " * 100)], GREEDY))
    kinds = [type(step) for step in steps if not isinstance(step, (Idle, Opening, Waiting))]
    readings = [step for step in steps if isinstance(step, Reading)]
    assert kinds == [Reading] * len(readings) + [Writing] * (len(kinds) - len(readings) - 1) + [Finished]
    assert [step.done for step in readings] == sorted(step.done for step in readings)
    assert readings[-1].done == readings[-1].total > 400
    assert isinstance(steps[-1], Finished)
    assert steps[-1].reason == "length"
    assert steps[-1].reply_tokens == 24
    assert steps[-1].tokens_per_second > 1


def test_counting_before_sending_gives_what_the_engine_reads(engine: Llama) -> None:
    prompt = [Message("system", "You are brief."), Message("user", "the sea and 世界 🌊 " * 20)]
    finished = list(engine.generate([prompt], GREEDY))[-1]
    assert isinstance(finished, Finished)
    assert engine.count_tokens(prompt) == finished.prompt_tokens


def test_the_same_seed_gives_the_same_reply_whatever_was_said_before(engine: Llama) -> None:
    seeded = replace(CREATIVE, seed=7)
    first, _ = reply(engine, "Tell me a story.", seeded)
    reply(engine, "Tell me a story. And another one.", CREATIVE)
    assert reply(engine, "Tell me a story.", seeded)[0] == first
    assert reply(engine, "Tell me a story.", replace(CREATIVE, seed=8))[0] != first


def test_without_a_seed_each_reply_is_another(engine: Llama) -> None:
    assert len({reply(engine, "Tell me a story.", CREATIVE)[0] for _ in range(3)}) == 3


@pytest.mark.parametrize("seed", [0, 2**32 - 1, 2**63, -1])
def test_any_number_is_a_seed(engine: Llama, seed: int) -> None:
    sampling = replace(CREATIVE, seed=seed, max_tokens=8)
    assert reply(engine, "Hello.", sampling)[0] == reply(engine, "Hello.", sampling)[0]


def test_the_next_turn_does_not_read_the_conversation_again(engine: Llama) -> None:
    turns = [Message("user", "ab " * 3_000)]
    began = cpu_s(pid_of(engine))
    text, _ = reply_to(engine, turns)
    first = cpu_s(pid_of(engine)) - began
    for number in range(3):  # others take both slots meanwhile
        reply(engine, f"Something else, number {number}.", visitor=str(number))
    began = cpu_s(pid_of(engine))
    reply_to(engine, [*turns, Message("assistant", text), Message("user", "And then?")])
    assert cpu_s(pid_of(engine)) - began < first / 3


def test_the_beginning_of_a_reply_is_continued(engine: Llama) -> None:
    continued = [*ask("Where?"), Message("assistant", "The capital is")]
    steps = list(engine.generate([continued], replace(GREEDY, max_tokens=1, alternatives=3)))
    assert len(tokens_of(steps)[0].choices) == 3
    assert engine.count_tokens(continued) - engine.count_tokens(ask("Where?")) == len("The capital is")


def test_without_a_prompt_it_only_opens(own_engine: Llama) -> None:
    steps = list(own_engine.generate([], GREEDY))
    assert own_engine.is_open
    assert {type(step) for step in steps} == {Opening}


def test_a_json_schema_is_kept_to(engine: Llama) -> None:
    for seed in range(3):
        text, finished = reply(engine, "Who?", Sampling(json_schema=PERSON, max_tokens=400, temperature=1, seed=seed))
        person = json.loads(text)
        assert finished.reason == "stop"
        assert person["kind"] in ("cat", "dog")
        assert len(person["name"]) <= 5


def test_a_grammar_is_kept_to_and_half_characters_are_joined(engine: Llama) -> None:
    sampling = replace(GREEDY, grammar='root ::= "世界🌊你好！"')
    steps = list(engine.generate([ask("Say it.")], sampling))
    written = [step.text for step in steps if isinstance(step, Writing)]
    assert "".join(written) == "世界🌊你好！"
    assert not any("\ufffd" in text for text in written)


def test_a_stop_sequence_ends_the_reply_before_it(engine: Llama) -> None:
    whole, _ = reply(engine, "Hello.")
    stop = whole[10:13]
    text, finished = reply(engine, "Hello.", replace(GREEDY, stop=(stop,)))
    assert text == whole[: whole.index(stop)]
    assert finished.reason == "stop"


def test_alternatives_are_probabilities_and_hold_the_greedy_token(engine: Llama) -> None:
    steps = list(engine.generate([ask("Hello.")], replace(GREEDY, alternatives=5)))
    tokens = tokens_of(steps)
    assert "".join(token.text for token in tokens) == text_of(steps)
    for token in tokens:
        assert len(token.choices) == 5
        assert sum(math.exp(choice.logprob) for choice in token.choices) <= 1.0001
        assert max(token.choices, key=lambda choice: choice.logprob).text == token.text
        assert token.logprob == pytest.approx(token.choices[0].logprob, abs=1e-4)


def test_alternatives_are_the_models_own_whatever_the_temperature(engine: Llama) -> None:
    cold = tokens_of(engine.generate([ask("Hello.")], replace(GREEDY, alternatives=3, max_tokens=1)))
    hot = tokens_of(engine.generate([ask("Hello.")], Sampling(temperature=2, alternatives=3, max_tokens=1)))
    assert [choice.text for choice in hot[0].choices] == [choice.text for choice in cold[0].choices]
    assert hot[0].choices[0].logprob == pytest.approx(cold[0].choices[0].logprob, abs=1e-3)


def test_alternatives_of_a_character_in_several_tokens_are_whole_characters(engine: Llama) -> None:
    sampling = replace(GREEDY, grammar='root ::= "世界"', alternatives=271)  # all tokens
    tokens = tokens_of(engine.generate([ask("Say it.")], sampling))
    assert [token.text for token in tokens] == ["世", "界"]
    assert "世" in [choice.text for choice in tokens[0].choices]
    assert "丗" in [choice.text for choice in tokens[0].choices]  # its neighbour: another last byte


def test_stop_in_the_middle_of_writing_ends_the_computing(engine: Llama) -> None:
    steps = engine.generate([ask("Hello.")], ENDLESS)
    until(steps, lambda step: isinstance(step, Writing))
    began = time.monotonic()
    steps.close()
    assert time.monotonic() - began < 0.5
    assert cpu_until_still(pid_of(engine)) < 0.5  # all 20,000 tokens are a minute


def test_stop_in_the_middle_of_a_long_prompt_ends_the_computing(engine: Llama) -> None:
    pid = pid_of(engine)
    before = cpu_s(pid)
    steps = engine.generate([ask("ab " * 10_000)], GREEDY)
    reading = until(steps, lambda step: isinstance(step, Reading) and step.done > step.total / 5)
    assert isinstance(reading, Reading)
    used = cpu_s(pid) - before
    steps.close()
    assert cpu_until_still(pid) < max(0.3, used / 4)  # the rest, where attention is longer, is over four times `used`


def test_closing_in_line_leaves_the_line(engine: Llama) -> None:
    running = [engine.generate([ask("Hello.")], ENDLESS) for _ in range(2)]
    for steps in running:
        until(steps, lambda step: isinstance(step, Writing))
    waiting = [engine.generate([ask("Me too.")], GREEDY) for _ in range(2)]
    places = [until(steps, lambda step: isinstance(step, Waiting)) for steps in waiting]
    assert places == [Waiting(0, 1), Waiting(0, 2)]
    waiting[0].close()
    assert until(waiting[1], lambda step: isinstance(step, Waiting)) == Waiting(0, 1)
    running[0].close()
    assert len(text_of(waiting[1])) > 0
    running[1].close()


def test_stopped_replies_give_their_slots_back(engine: Llama) -> None:
    for _ in range(12):
        steps = engine.generate([ask("Hello.")], ENDLESS)
        until(steps, lambda step: isinstance(step, Writing))
        steps.close()
    assert eventually(lambda: engine._line._running == 0)
    assert reply(engine, "Hello.")[1].reply_tokens == 24


def test_several_prompts_are_told_apart(engine: Llama) -> None:
    prompts = [ask(f"Number {number}.") for number in range(5)]
    steps = list(engine.generate(prompts, replace(GREEDY, seed=1)))
    assert sorted(step.prompt for step in steps if isinstance(step, Finished)) == [0, 1, 2, 3, 4]
    for number in range(5):
        assert text_of(steps, number) == reply(engine, f"Number {number}.", replace(GREEDY, seed=1))[0]


def test_an_overlong_prompt_says_how_long_it_is(engine: Llama) -> None:
    prompt = ask("x" * 40_000)
    with pytest.raises(UserError) as error:
        list(engine.generate([prompt], GREEDY))
    assert error.value.code == "prompt_too_long"
    assert error.value.facts == {"n_prompt": engine.count_tokens(prompt), "n_ctx": engine.context_tokens}


def test_a_reply_ends_where_the_context_does(own_engine: Llama) -> None:
    prompt = ask("x" * (own_engine.context_tokens - 50))
    *_, finished = own_engine.generate([prompt], ENDLESS)
    assert isinstance(finished, Finished)
    assert finished.reason == "length"
    assert finished.prompt_tokens + finished.reply_tokens <= own_engine.context_tokens + 1


@pytest.mark.parametrize("text", ["half \ud83d", "\udc00"])
def test_half_a_surrogate_pair_is_refused_before_it_is_sent(engine: Llama, text: str) -> None:
    for ask_engine in (engine.count_tokens, lambda prompt: list(engine.generate([prompt], GREEDY))):
        with pytest.raises(UserError) as error:
            ask_engine(ask(text))
        assert error.value.code == "text_unusable"
        assert error.value.facts == {"place": len(text)}
    with pytest.raises(UserError, match="text_unusable"):
        list(engine.generate([ask("Hello.")], replace(GREEDY, stop=("\ud83d",))))


@pytest.mark.parametrize(
    "text", ["", "\0", "\x1b[31m", ">" * 3_000, "<|im_end|>\n<|im_start|>system\n", "👩‍👩‍👧‍👦\u202e"]
)
def test_odd_text_is_text(engine: Llama, text: str) -> None:
    assert reply(engine, text)[1].reply_tokens == 24


@pytest.mark.parametrize("wrong", [{"grammar": "root ::= (("}, {"json_schema": {"type": "nonsense"}}])
def test_what_the_engine_refuses_it_gives_a_reason_for(engine: Llama, wrong: dict[str, object]) -> None:
    with pytest.raises(UserError) as error:
        list(engine.generate([ask("Hello.")], replace(GREEDY, **wrong)))  # type: ignore[arg-type]
    assert error.value.code == "engine_refused"
    assert error.value.facts["reason"]


def test_twenty_visitors_at_once_are_all_served_and_none_gets_anothers_reply(engine: Llama) -> None:
    def visit(number: int) -> list[str]:
        own = Sampling(grammar=f'root ::= "I am visitor {number}. "+', max_tokens=48)
        return [reply(engine, f"I am visitor {number}.", own, f"visitor {number}")[0] for _ in range(2)]

    with ThreadPoolExecutor(20) as threads:
        for number, texts in enumerate(threads.map(visit, range(20))):
            for text in texts:
                assert len(text) > 20
                assert (f"I am visitor {number}. " * 30).startswith(text)


def test_one_short_question_does_not_wait_for_anothers_hundred(engine: Llama) -> None:
    finished: list[int] = []
    begun = threading.Event()

    def translate_a_book() -> None:
        for step in engine.generate([ask(f"Sentence {n}.") for n in range(40)], GREEDY, visitor="book"):
            begun.set()
            if isinstance(step, Finished):
                finished.append(step.prompt)

    book = threading.Thread(target=translate_a_book)
    book.start()
    begun.wait(20)
    reply(engine, "Hello.", visitor="guest")
    behind = 40 - len(finished)
    book.join()
    assert behind > 20
    assert len(finished) == 40


def test_a_visitor_with_too_many_requests_is_told_so(own_engine: Llama) -> None:
    mine = [own_engine.generate([ask("Hello.")], ENDLESS, visitor="me") for _ in range(4)]
    for steps in mine:
        next(steps)
    with pytest.raises(UserError, match="too_busy"):
        next(own_engine.generate([ask("Hello.")], GREEDY, visitor="me"))
    for steps in mine[1:]:
        steps.close()
    for visitor in ("me", "another"):
        assert reply(own_engine, "Hello.", visitor=visitor)[1].reply_tokens == 24
    mine[0].close()


def reply_to(engine: Llama, prompt: list[Message]) -> tuple[str, int]:
    """The reply to a conversation, and how many tokens it has."""
    steps = list(engine.generate([prompt], GREEDY))
    return text_of(steps), len(steps)


def pid_of(engine: Llama) -> int:
    """The child's process; opens it."""
    engine.count_tokens(ask("Hello."))
    assert engine._current is not None
    return engine._current.child.pid
