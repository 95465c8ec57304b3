"""`/analyze` and `/read` of the page's API, called by gradio_client, with the models that the program has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio_client
import pytest
from gradio_client.exceptions import AppError

from llm_core.catalog import understanding

TEXT = "The harbour froze in January. Ships from Bergen waited outside for three weeks."


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[gradio_client.Client]:
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


@pytest.mark.timeout(300)
def test_a_text_is_taken_to_pieces_as_far_as_models_are_here(client: gradio_client.Client) -> None:
    found = client.predict(TEXT, what=["keywords", "sentiment"], api_name="/analyze")
    assert found["language"] == "en" and found["keywords"]
    assert found["missing"] == ([] if understanding.model_of("sentiment") else ["sentiment"])


@pytest.mark.parametrize(
    ("options", "said"),
    [({"what": ["mood"]}, "what"), ({"task": "mood"}, "task"), ({"graph": "dot"}, "graphml"),
     ({"task": "sentiment"}, "text"), ({"labels": ["x"]}, "labels")],
)  # fmt: skip
def test_what_does_not_fit_is_named(client: gradio_client.Client, options: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(TEXT, **options, language="en", api_name="/analyze")


def test_a_question_needs_words_and_its_model(client: gradio_client.Client) -> None:
    with pytest.raises(AppError, match="no text"):
        client.predict(" ", [TEXT], language="en", api_name="/read")
    if understanding.model_of("read") is None:
        with pytest.raises(AppError, match="model"):
            client.predict("When?", [TEXT], language="en", api_name="/read")
    else:
        found = client.predict("When did the harbour freeze?", [TEXT], api_name="/read")
        assert {"answer", "abstained", "score", "quality"} <= set(found)


@pytest.mark.timeout(300)
def test_own_labels_are_learned_and_given_in_one_call(client: gradio_client.Client) -> None:
    renew = ("Can I keep it for another week?", "Please extend my loan.", "I have not finished the novel yet.")
    find = ("Where are the books about bees?", "Do you have the atlas of rivers?", "On which shelf is poetry?")
    examples = [{"text": text, "label": "renew"} for text in renew]
    examples += [{"text": text, "label": "find"} for text in find]
    texts = ["Please let me keep the atlas two weeks longer.", "Where do the cookbooks stand?"]
    found = client.predict(examples, texts, api_name="/own_labels")
    assert [one["label"] for one in found["found"]] == ["renew", "find"]
    assert found["examples"] == 6 and found["majority"] == 50.0
    with pytest.raises(AppError, match="examples"):
        client.predict([{"text": "alone"}], texts, language="en", api_name="/own_labels")
