"""The encoder: converted once, compared with its original, whole after damage; meaning counts across languages."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from llm_core.engines import bert, encoder_cache
from llm_core.engines.base import Encoder
from llm_core.engines.encoder import E5, MEANS_FILE
from llm_core.errors import UserError
from tests.engines.tiny_bert import HIDDEN, write_tiny_bert

BUNDLED = Path(__file__).parents[2] / "assets" / "models" / "e5-zh-en"
TEXTS = ["the mill was closed", "绍兴在哪里", "", "lock " * 2000, "the mill was closed", "\ud800"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny_bert(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(scope="module")
def encoder(tiny, caches):
    return E5(tiny, caches, threads=1)


def test_it_is_an_encoder(encoder):
    assert isinstance(encoder, Encoder) and encoder.dimensions == HIDDEN


def test_vectors_come_in_the_order_of_the_texts_and_have_length_one(encoder):
    vectors = encoder.encode(TEXTS, "passage")
    assert vectors.shape == (len(TEXTS), HIDDEN) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors[0] == pytest.approx(vectors[4], abs=1e-5)
    assert vectors[3] == pytest.approx(encoder.encode([TEXTS[3]], "passage")[0], abs=1e-5)  # alone as in a batch
    assert encoder.encode([], "query").shape == (0, HIDDEN)


def test_they_are_what_the_original_computes(encoder, tiny):
    from tokenizers import Tokenizer

    weights, config = bert.read_weights(tiny), bert.read_config(tiny)
    ids = Tokenizer.from_file(str(tiny / "tokenizer.json")).encode("query: the mill").ids
    original = bert.hidden_states(weights, config, ids).mean(0)
    cosine = encoder.encode(["the mill"], "query")[0] @ original / np.linalg.norm(original)
    assert cosine > 0.99


def test_the_mean_of_the_language_is_taken_away(tiny, caches, encoder):
    raw = encoder.encode(["the mill"], "query")[0]
    mean = np.full(HIDDEN, 0.1)
    try:
        (tiny / MEANS_FILE).write_text(json.dumps({"en": {"query": mean.tolist()}}))
        centred = E5(tiny, caches, threads=1).encode(["the mill"], "query")[0]
    finally:
        (tiny / MEANS_FILE).unlink()
    assert centred == pytest.approx((raw - mean) / np.linalg.norm(raw - mean), abs=1e-5)


def test_a_damaged_copy_is_made_again(tiny, caches, encoder):
    before = encoder.encode(["the mill"], "query")
    encoder.close()
    (model,) = caches.glob("*/model.bin")
    content = bytearray(model.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    model.write_bytes(content)
    assert encoder.encode(["the mill"], "query") == pytest.approx(before)


def test_two_threads_and_two_processes_convert_once(tiny, tmp_path, monkeypatch):
    made = []
    make = encoder_cache._make
    monkeypatch.setattr(encoder_cache, "_make", lambda *given: (made.append(given), make(*given)))
    code = f"from llm_core.engines.encoder import E5; from pathlib import Path; E5(Path({str(tiny)!r}), " \
           f"Path({str(tmp_path)!r}), 1).encode(['the'], 'query')"  # fmt: skip
    other = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    with ThreadPoolExecutor() as threads:
        shared = E5(tiny, tmp_path, 1)
        found = list(threads.map(lambda _: shared.encode(["the"], "query"), range(4)))
    assert other.wait() == 0 and len(made) <= 1
    assert all(vector == pytest.approx(found[0]) for vector in found)
    assert len(list(tmp_path.glob("*/model.bin"))) == 1 and not list(tmp_path.glob(".converting-*"))


def test_a_conversion_that_computes_something_else_is_refused(tiny, tmp_path):
    def wrong(folder, texts):
        return np.random.default_rng(0).normal(size=(len(texts), HIDDEN)).astype(np.float32)

    with pytest.raises(UserError) as raised:
        encoder_cache.converted(tiny, tmp_path, wrong)
    assert raised.value.code == "encoder_unusable" and not list(tmp_path.glob("tiny-*/"))


def test_a_folder_that_is_no_model_says_so(tmp_path):
    folder = write_tiny_bert(tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"nothing at all here")
    with pytest.raises(UserError) as raised:
        E5(folder, tmp_path / "caches", 1).encode(["the"], "query")
    assert raised.value.code == "encoder_unusable"


def test_opening_the_encoder_loads_no_torch(tiny, caches, encoder):
    encoder.encode(["the"], "query")
    code = f"import sys; from llm_core.engines.encoder import E5, Path; E5(Path({str(tiny)!r}), " \
           f"Path({str(caches)!r}), 1).encode(['the'], 'query'); sys.exit('torch' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


def test_the_bundled_encoder_finds_meaning_in_either_language(conversions):
    encoder = E5(BUNDLED, conversions, threads=2)
    passages = [
        "The museum is closed on Mondays and on public holidays.",
        "A single ticket costs eight euros; children under six pay nothing.",
        "博物馆的咖啡厅在二楼，供应简餐和饮料。",
        "办理借书证要带身份证和一张照片。",
    ]
    questions = [
        "博物馆周一开门吗？",
        "门票多少钱？",
        "Where can I get something to eat?",
        "What do I need for a library card?",
    ]
    cosines = encoder.encode(questions, "query") @ encoder.encode(passages, "passage").T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3]
