"""`evaluate prompts` on a tiny real model: one table, whatever the model writes."""

import json

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


def test_a_language_model_is_asked_for_what_the_small_models_do(evaluate, tmp_path):
    moods = tmp_path / "sentiment-en-own.dev.jsonl"
    rows = [{"text": f"The soup was {word}.", "label": "negative"} for word in ("cold", "late", "thin")]
    moods.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = json.loads(evaluate("prompted", "--data", str(moods), "--limit", "2").out)
    assert (told["data"], told["model"], told["rows"]) == ("sentiment-en-own", "tiny", 2)
    assert told["figures"]["accuracy"] == 100  # weights are random, but replies are held to the labels that there are


def test_a_language_model_reads_questions_that_have_no_answer_too(evaluate, tmp_path):
    reading = tmp_path / "qa-zh-own.dev.jsonl"
    context, other = "灯塔由老周看守，每晚八点点灯。", "渡船早上六点开，票价三元。"
    rows = [
        {"context": context, "title": "灯塔", "qas": [_question("谁看守灯塔？", "老周", context)]},
        {"context": other, "title": "渡船", "qas": [_question("票价多少？", "三元", other)]},
    ]
    reading.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = json.loads(evaluate("prompted", "--data", str(reading)).out)
    assert told["rows"] == 4
    assert {"em", "f1", "false_refusals", "false_answers.other_document"} <= told["figures"].keys()


def _question(question, answer, context):
    return {"question": question, "answers": [{"text": answer, "start": context.index(answer)}], "answerable": True}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("prompts", "--task", "sing"), "--task"), (("everything",), "NAME"), (("retrieval",), "--data")],
)
def test_what_cannot_be_measured_is_said(evaluate, arguments, named):
    ran = evaluate(*arguments)
    assert ran.code == 2 and named in ran.err and not ran.out
