"""`/ask`, `/embed` and /v1/embeddings on a real server, by the clients that people use."""

import base64
import struct

import gradio_client
import httpx
import openai
import pytest
from gradio_client.exceptions import AppError

MUSEUM = "The ropewalk is 312 metres long. A ticket costs eight euros."


@pytest.fixture(scope="module")
def client(server):
    client = gradio_client.Client(server.url, verbose=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def protocol(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60) as client:
        yield client


def test_a_text_is_asked(client):
    found = client.predict("How long is the ropewalk?", MUSEUM, written=False, api_name="/ask")
    assert found["answer"] == "The ropewalk is 312 metres long." and not found["abstained"]
    assert MUSEUM[found["evidence"][0]["start"] : found["evidence"][0]["end"]] == found["answer"]


def test_files_are_asked(client, tmp_path):
    path = tmp_path / "馆.md"
    path.write_text("# Museum\n\n" + MUSEUM, "utf-8")
    files = [gradio_client.handle_file(str(path))]
    found = client.predict("门票多少钱？", files=files, written=False, api_name="/ask")
    assert found["evidence"][0]["document"] == "馆.md" and "eight euros" in found["answer"]


@pytest.mark.parametrize("given", [{}, {"files": [{"path": "/etc/passwd"}]}, {"files": "x"}, {"text": "  "}])
def test_what_cannot_be_asked_is_refused(client, given):
    with pytest.raises(AppError):
        client.predict("Where?", **given, api_name="/ask")


def test_vectors(client, protocol):
    (vector,) = client.predict(["Where is Shaoxing?"], api_name="/embed")
    made = protocol.embeddings.create(model="e5-zh-en", input=["Where is Shaoxing?", "绍兴在哪里？"])
    assert [row.index for row in made.data] == [0, 1] and len(vector) == 384
    assert made.data[0].embedding == pytest.approx(vector, abs=1e-4)
    assert made.usage.prompt_tokens == made.usage.total_tokens > 10


def test_vectors_in_base64_are_the_same(server):
    def ask(form):
        body = {"input": "text", "encoding_format": form}
        return httpx.post(f"{server.url}/v1/embeddings", json=body).json()["data"][0]["embedding"]

    packed = base64.b64decode(ask("base64"))
    assert struct.unpack("<384f", packed) == pytest.approx(ask("float"), abs=1e-6)


@pytest.mark.parametrize(
    "body",
    [{}, {"input": []}, {"input": ""}, {"input": [1]}, {"input": "x", "dimensions": 3}, {"input": "x" * 500_000}],
)
def test_what_cannot_be_embedded_is_refused(server, body):
    answer = httpx.post(f"{server.url}/v1/embeddings", json=body)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
