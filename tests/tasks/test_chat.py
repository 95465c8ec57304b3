"""Chat: a conversation is fitted into the context, streamed and counted, on a real if tiny model."""

import math

import pytest

from llm_core.engines.base import Message, Sampling
from llm_core.engines.pool import Pool
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Item, Notice, collect
from llm_core.tasks import chat
from llm_core.tasks.options import ChatOptions
from llm_core.tasks.roles import table


@pytest.fixture(scope="module")
def model(tmp_path_factory, tiny_gguf):
    from llm_core.settings import Settings

    pool = Pool(Settings(home=tmp_path_factory.mktemp("home"), offline=True, context_tokens=512, slots=1))
    yield pool.generator("tiny", tiny_gguf)
    pool.close()


def turns(n, words=12):
    """A conversation of n questions, the last one unanswered."""
    talk = []
    for i in range(n):
        talk.append(Message("user", f"question {i} " + "word " * words))
        talk.append(Message("assistant", f"answer {i} " + "word " * words))
    return talk[:-1]


SHORT = Sampling(max_tokens=8, seed=1, temperature=0)


def test_the_text_of_the_reply_is_what_was_streamed(model):
    events = list(chat.reply(model, [Message("user", "hello")], Sampling(max_tokens=12, seed=1, alternatives=3)))
    reply = events[-1].result
    assert isinstance(events[-1], Done)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == reply.text
    assert reply.text.startswith("".join(token.text for token in reply.tokens)[:10])
    assert sum(len(e.value) for e in events if isinstance(e, Item)) == len(reply.tokens)
    assert (reply.reply_tokens, reply.finish) == (12, "length")
    assert reply.context_tokens == 512
    assert all(math.exp(c.logprob) <= 1 for token in reply.tokens for c in token.choices)


def test_a_conversation_that_fits_is_read_whole(model):
    assert collect(chat.reply(model, turns(2), SHORT)).left_out == 0


def test_the_oldest_go_when_it_does_not_fit_and_that_is_said(model):
    talk = [Message("system", "be brief"), *turns(30)]
    events = list(chat.reply(model, talk, SHORT))
    reply = events[-1].result
    assert [e for e in events if isinstance(e, Notice)] == [Notice("left_out", {"n": reply.left_out})]
    assert 0 < reply.left_out < len(talk) - 1
    assert reply.left_out % 2 == 0, "what is left begins with a question"
    assert reply.prompt_tokens <= 512 - 8


def test_the_cut_stays_where_it_is_for_some_turns_so_that_the_cache_holds(model):
    cuts = [collect(chat.reply(model, turns(n, words=1), SHORT)).left_out for n in range(20, 36)]
    assert cuts == sorted(cuts)
    assert len(set(cuts)) <= len(cuts) / 2, cuts


def test_a_message_longer_than_the_context_is_refused_with_both_figures(model):
    with pytest.raises(UserError, match="message_too_long") as caught:
        collect(chat.reply(model, [*turns(3), Message("assistant", "x"), Message("user", "> " * 3000)], SHORT))
    assert caught.value.facts["tokens"] > caught.value.facts["context"] == 512


def test_what_an_earlier_reply_thought_is_not_read_again(model):
    thinking = [Message("user", "hi"), Message("assistant", "<think>" + "hmm " * 50 + "</think>\nhello")]
    plain = [Message("user", "hi"), Message("assistant", "hello")]
    after = Message("user", "go on")
    lengths = {collect(chat.reply(model, [*talk, after], SHORT)).prompt_tokens for talk in (thinking, plain)}
    assert len(lengths) == 1


def test_options_take_the_roles_temperature_unless_one_is_set():
    assert ChatOptions.of({"role": "news"}).sampling(max_tokens=9).temperature == table()["news"].temperature
    assert ChatOptions.of({"role": "news", "temperature": 1.5}).sampling(max_tokens=9).temperature == 1.5
    assert ChatOptions.of({"max_tokens": 999}).sampling(max_tokens=9).max_tokens == 9


@pytest.mark.parametrize(
    "values",
    [{"temperature": "hot"}, {"temperature": 9}, {"top_p": 0}, {"max_tokens": 0}, {"seed": -1}, {"color": 1}],
)
def test_an_option_that_does_not_fit_is_named(values):
    with pytest.raises(UserError, match="value_") as caught:
        ChatOptions.of(values)
    assert caught.value.facts["name"] in next(iter(values))


def test_every_role_has_a_prompt_for_both_languages_and_sizes():
    for role in table().values():
        for language in ("en", "zh"):
            small, large = (role.prompt(language, parameters=n, model="M") for n in (10**8, 2 * 10**9))
            assert small
            assert large
            assert "{" not in small + large
