"""Translation for programs: the text as it grows, and every sentence with its doubts."""

import itertools

import gradio_client
import pytest
from gradio_client.exceptions import AppError

TEXT = "# 3\n\nThe boats came.\n\n- 12.5 kg"


@pytest.fixture(scope="module")
def client(server):
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


def test_a_translation_grows_and_keeps_its_lines(client):
    parts = list(client.submit(TEXT, api_name="/translate"))
    whole = parts[-1]
    assert (whole.split("\n")[0], whole.split("\n")[4]) == ("# 3", "- 12.5 kg")
    assert all(whole.startswith(earlier) for earlier in parts[:-1])
    assert all(len(earlier) <= len(later) for earlier, later in itertools.pairwise(parts))


def test_every_sentence_says_what_is_doubtful(client):
    record = client.predict(TEXT, to="zh", glossary={"boat": "小船"}, api_name="/translate_sentences")
    assert list(record) == ["text", "to", "sentences", "doubtful", "draft"]
    assert [one["source"] for one in record["sentences"]] == ["3", "The boats came.", "12.5 kg"]
    assert record["doubtful"] == 1
    assert "term" in [one["kind"] for one in record["sentences"][1]["doubts"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": " "}, "没有文字"),
        ({"text": 3}, "text不能是"),
        ({"text": "a", "to": "fr"}, "to不能是“fr”"),
        ({"text": "a", "glossary": [1]}, "glossary不能是"),
        ({"text": "a", "model": "../x.gguf"}, "没有"),
    ],
)
def test_errors_are_said_in_the_language_asked_for(client, given, said):
    with pytest.raises(AppError, match=said):
        client.predict(**given, language="zh", api_name="/translate")
