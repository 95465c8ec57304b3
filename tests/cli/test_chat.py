"""`chat`: text in, reply out, everything else beside it."""

import json

import pytest

TINY = ("--max-tokens", "8", "--seed", "1")


def test_a_message_is_answered_on_stdout_alone(run, home):
    ran = run("chat", "你好", *TINY)
    assert ran.code == 0
    assert len(ran.out.strip()) > 2
    assert ran.out.endswith("\n")
    assert ran.err == "The reply was cut at 8 tokens; --max-tokens allows more.\n"


def test_the_same_seed_gives_the_same_reply_wherever_the_message_comes_from(run, home):
    replies = [
        run("chat", "one", "two", *TINY).out,
        run("chat", "--model", "tiny", "one two", *TINY).out,
        run("chat", "--model", "ti", *TINY, stdin="one two").out,
        run("chat", "-m", "chat", "-f", "-", *TINY, stdin="one two").out,
    ]
    assert len(set(replies)) == 1


def test_a_file_is_looked_into_and_what_was_read_is_named(run, home, tmp_path):
    path = tmp_path / "港口 museum.md"
    path.write_text("# Museum\n\nThe ropewalk is 312 metres long.\n\nA ticket costs eight euros.", "utf-8")
    ran = run("chat", "How long is the ropewalk?", "--file", str(path), *TINY)
    assert ran.code == 0 and f"Read for this reply: {path.name}" in ran.err
    read = json.loads(run("chat", "--json", "--file", str(path), *TINY, stdin="How long is the ropewalk?").out)
    assert [(one["document"], one["page"]) for one in read["consulted"]] == [(path.name, None)]
    assert (
        read["prompt_tokens"]
        > json.loads(run("chat", "--json", "How long is the ropewalk?", *TINY).out)["prompt_tokens"]
    )
    ran = run("chat", "Good night", "-f", str(path), *TINY)
    assert ran.code == 0 and "say nothing about this" in ran.err


def test_dials_reach_the_model(run, home):
    greedy = [run("chat", "hello", "--temperature", "0", "--max-tokens", "6", "--seed", seed).out for seed in "12"]
    assert greedy[0] == greedy[1]
    told = run("chat", "hello", "--temperature", "0", "--max-tokens", "6", "--seed", "1", "--system", "Be brief.").out
    assert told != greedy[0]


def test_json_names_the_model_and_counts(run, home):
    ran = run("chat", "hello", "--json", *TINY)
    reply = json.loads(ran.out)
    assert reply["model"] == "tiny"
    assert reply["finish"] == "length"
    assert reply["reply_tokens"] == 8
    assert reply["text"]


def test_a_model_elsewhere_is_named_by_its_path(run, tiny_gguf):
    ran = run("chat", "hello", "--json", "--model", str(tiny_gguf), *TINY)
    assert json.loads(ran.out)["model"] == "tiny"


def test_each_line_is_answered_by_itself_and_in_order(run, home, tmp_path):
    requests = ["one", "", "two " * 200, "three", "one"]
    (tmp_path / "requests.txt").write_text("\n".join(requests), "utf-8")
    ran = run("chat", "--lines", "--file", str(tmp_path / "requests.txt"), *TINY, language="zh")
    replies = ran.out.split("\n")
    assert ran.code == 2, "one line could not be answered"
    assert len(replies) == len(requests) + 1
    assert replies[1] == ""
    assert replies[0] == replies[4] == run("chat", "one", *TINY).out.strip()
    assert "第2行：这里没有文字" in ran.err


def test_lines_as_json_say_what_was_wrong_with_one(run, home, tmp_path):
    (tmp_path / "requests.txt").write_text("one\n" + ">" * 100_000, "utf-8")
    ran = run("chat", "--lines", "--json", "--file", str(tmp_path / "requests.txt"), *TINY)
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert first["reply_tokens"] == 8
    assert second["error"]["code"] == "message_too_long"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["chat"], "", "这里没有文字"),
        (["chat", " \n "], "", "这里没有文字"),
        (["chat", "half \udcff"], "", "第6个字符已损坏"),
        (["chat"], b"\x80\x81\xff", "stdin里不是文字"),
        (["chat", ">" * 100_000], "", "个词元"),
        (["chat", ">" * 400_001], "", "最多400,000个"),
        (["chat", "hi", "--system", "\udcff"], "", "字符已损坏"),
        (["chat", "hi", "--model", "smollm3"], "", "smollm2-135m-instruct-q4_1"),
        (["chat", "hi", "--model", "qwen2.5"], "", "qwen2.5-coder-0.5b"),
        (["chat", "hi", "--model", "no/such/../model"], "", "no/such/../model"),
        (["chat", "hi", "--model", "smollm2"], "", "models get smollm2-135m-instruct-q4_1"),
        (["chat", "hi", "--file", "nothing.txt"], "", "nothing.txt"),
        (["chat", "hi", "--file", "nothing.pdf"], "", "nothing.pdf"),
        (["chat", "--lines", "--file", "nothing.txt"], "", "没有nothing.txt这个文件"),
        (["chat", "--lines", "--file", "."], "", "读不了文件."),
        (["chat", "--lines", "--file", "a", "--file", "b"], "", "--lines"),
        (["chat", "hi", "--temperature", "hot"], "", "0到2之间的数"),
        (["chat", "hi", "--seed", "-1"], "", "整数，不能是“-1”"),
        (["chat", "hi", "--role", "pirate"], "", "assistant, news"),
        (["chat", "hi", "--lines"], "", "--lines"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, home, arguments, stdin, said):
    ran = run(*arguments, stdin=stdin, language="zh")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert said in ran.err


def test_a_file_that_is_no_model(run, tmp_path):
    (tmp_path / "text.gguf").write_text("not a model", "utf-8")
    ran = run("chat", "hi", "--model", str(tmp_path / "text.gguf"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "text.gguf" in ran.err
