"""`/train` and `/runs` of the page's API, called by gradio_client."""

import time

import gradio_client
import pytest
from gradio_client.exceptions import AppError

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.web.api_train import _owner
from llm_core.workbench import Workbench

TEXT = "\n\n".join(f"In winter {n} the harbour froze. {n + 7} ships waited outside, and sang." for n in range(200))


@pytest.fixture(scope="module")
def client(server):
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


@pytest.mark.timeout(300)
def test_a_run_begins_and_is_found_again_until_it_is_done(client):
    run = client.predict(TEXT, family="ngram", steps=1, name="ice", api_name="/train")
    assert (run["name"], run["family"], run["error"]) == ("ice", "ngram", None)
    while (run := client.predict("ice", api_name="/runs")[0])["state"] not in ("done", "failed"):
        assert run["state"] in ("queued", "preparing", "training")
        time.sleep(0.2)
    assert run["state"] == "done", run["error"]
    assert run["valid_loss"] > 0
    assert [one["name"] for one in client.predict(api_name="/runs")] == ["ice"]
    with pytest.raises(AppError, match="ice"):
        client.predict(TEXT, family="ngram", steps=1, name="ice", language="en", api_name="/train")


@pytest.mark.parametrize(
    ("options", "said"),
    [({"family": "magic"}, "family"), ({"steps": -1}, "steps"), ({"seconds": "long"}, "seconds"),
     ({"name": "../../x"}, "name"), ({"size": "huge"}, "size")],
)  # fmt: skip
def test_what_does_not_fit_is_named(client, options, said):
    with pytest.raises(AppError, match=said):
        client.predict(TEXT, **options, language="en", api_name="/train")


def test_an_empty_text_is_refused(client):
    with pytest.raises(AppError, match="no text"):
        client.predict(" ", language="en", api_name="/train")


def test_on_a_server_for_others_runs_belong_to_who_has_the_secret(settings: Settings):
    with Workbench(settings.model_copy(update={"host": "0.0.0.0"})) as workbench:
        assert _owner(workbench, "a" * 43) == "a" * 43
        for guessable in ("", "me", None, 7):
            with pytest.raises(UserError, match="value_unusable"):
                _owner(workbench, guessable)
