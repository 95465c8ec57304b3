"""`/summarize` of the page's API, called by gradio_client."""

import gradio_client
import pytest
from gradio_client.exceptions import AppError

TEXT = "The harbour froze in January. Ships from Bergen waited outside for three weeks. Fishermen walked on the ice."


@pytest.fixture(scope="module")
def client(server):
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


def test_key_sentences_with_their_places(client):
    found = client.predict(TEXT, sentences=1, api_name="/summarize")
    assert set(found) == {"summary", "sentences", "keywords", "covered", "sections"}
    one = found["sentences"][0]
    assert TEXT[one["start"] : one["end"]] == one["text"] == found["summary"]


def test_defaults_and_chinese(client):
    found = client.predict("港口一月封冻。从卑尔根来的船在外面等了三个星期。", api_name="/summarize")
    assert found["covered"] == found["sections"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [({"method": "magic"}, "method"), ({"ratio": 7}, "ratio"), ({"sentences": 0}, "sentences"), ({"to": "fr"}, "to")],
)
def test_what_does_not_fit_is_named(client, options, said):
    with pytest.raises(AppError, match=said):
        client.predict(TEXT, **options, language="en", api_name="/summarize")


def test_an_empty_text_is_refused(client):
    with pytest.raises(AppError, match="no text"):
        client.predict(" ", language="en", api_name="/summarize")
