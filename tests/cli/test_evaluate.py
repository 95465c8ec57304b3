"""`evaluate prompts` on a tiny real model: one table, whatever the model writes."""

import pytest

MODEL = {"LLM_CORE_MODEL": "tiny", "LLM_CORE_CONTEXT_TOKENS": "2048"}


@pytest.fixture
def evaluate(run, home_with_encoder):
    def evaluate(*arguments):
        return run("evaluate", *arguments, LLM_CORE_HOME=home_with_encoder, **MODEL)

    return evaluate


def test_prompts_are_one_table_by_task_languages_and_model(evaluate):
    ran = evaluate("prompts", "--task", "translate", "--limit", "1", "--failures")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[-3].split() == ["task", "languages", "model", "cases", "passed", "again", "faults"]
    assert [line.split()[:6] for line in lines[-2:]] == [
        ["translate", "en-zh", "small", "tiny", "1", "0"],
        ["translate", "zh-en", "small", "tiny", "1", "0"],
    ]
    assert lines[0].startswith("translate en-zh tiny: everyday: Could you water")
    assert "missing" in lines[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("prompts", "--task", "sing"), "--task"), (("everything",), "NAME"), (("retrieval",), "--data")],
)
def test_what_cannot_be_measured_is_said(evaluate, arguments, named):
    ran = evaluate(*arguments)
    assert ran.code == 2 and named in ran.err and not ran.out
