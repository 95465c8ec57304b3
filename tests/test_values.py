"""A value that does not fit is named, with what would fit, in the reader's language."""

import pytest

from llm_core.errors import UserError
from llm_core.messages import explain
from llm_core.settings import Settings
from llm_core.tasks.options import ChatOptions


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({"temperature": "hot"}, "value_number", "0到2之间的数，不能是“hot”"),
        ({"top_p": float("nan")}, "value_number", "top_p"),
        ({"seed": -1}, "value_whole", "0到2147483647之间的整数"),
        ({"max_tokens": 0}, "value_whole", "1到∞之间的整数"),
        ({"model": "x" * 5000}, "value_too_long", "model"),
        ({"model": 3}, "value_unusable", "model"),
        ({"tempo": 1}, "value_unknown", "tempo"),
    ],
)
def test_options_that_do_not_fit(given, code, said):
    with pytest.raises(UserError) as refused:
        ChatOptions.of(given)
    assert refused.value.code == code
    assert said in explain(refused.value, "zh")


def test_a_sentence_stays_one_line_however_the_value_looks():
    with pytest.raises(UserError) as refused:
        ChatOptions.of({"temperature": "a\nb\ud800" + "c" * 1000})
    sentence = explain(refused.value, "en")
    assert "\n" not in sentence
    assert len(sentence.encode()) < 200


def test_a_variable_of_the_environment_is_called_by_its_name(monkeypatch):
    monkeypatch.setenv("LLM_CORE_PORT", "abc")
    with pytest.raises(UserError) as refused:
        Settings.read()
    assert refused.value.facts["name"] == "LLM_CORE_PORT"
    assert Settings.read(port=8000, host=None).port == 8000
