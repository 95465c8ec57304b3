"""Models of each class in int8: converted once, compared, trusted or refused, and as good as Transformers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_core.engines import ct2_cache
from llm_core.engines.base import Sampling, Search, Translator, Writing
from llm_core.engines.ct2_decoder import Int8Decoder
from llm_core.engines.ct2_translator import SentenceTranslator
from llm_core.engines.pool import Pool
from llm_core.engines.transformers import Transformers
from llm_core.settings import Settings
from tests.engines import tiny_folders
from tests.engines.replies import GREEDY, ask, eventually, reply, tokens_of

pytestmark = pytest.mark.timeout(300)  # torch is loaded in a process of its own for each conversion
SENTENCES = ["w1 w2 w3 w4", "w50 w7", "w9 w9 w9 w10 w11 w12 w13"]


ALTERNATIVES = Sampling(temperature=0, repetition_penalty=1, max_tokens=5, alternatives=3)
CONVERT = """
import sys
from pathlib import Path
from llm_core.engines import ct2_cache
made = ct2_cache.converted(Path(sys.argv[1]), Path(sys.argv[2]))
print(made, (made / "model.bin").stat().st_ino)
"""


def open_decoder(folder: Path, settings: Settings) -> Int8Decoder:
    """With the copy made already."""
    assert ct2_cache.converted(folder, settings.paths.conversions) is not None
    return Int8Decoder("tiny", folder, settings)


@pytest.mark.parametrize("kind", ["Llama", "Qwen3"])
def test_a_decoder_writes_as_transformers_does(kind: str, tmp_path: Path, settings: Settings) -> None:
    folder = tiny_folders.decoder(tmp_path / kind, kind)
    assert ct2_cache.suits(folder)
    engine, plain = open_decoder(folder, settings), Transformers("tiny", folder, settings)
    text, finished = reply(engine, "w1 w2 w3")
    slow, last = reply(plain, "w1 w2 w3")
    assert engine._fast is not None
    assert text.split()[0] == slow.split()[0]  # random weights nearly tie: in eight bits they soon part ways
    assert finished.prompt_tokens == last.prompt_tokens
    steps = list(
        engine.generate([[*ask("w5")]], Sampling(temperature=0, repetition_penalty=1, max_tokens=5, alternatives=3))
    )
    assert all(
        len(token.choices) == 3 and token.text in [c.text for c in token.choices] for token in tokens_of(steps)
    )
    seeded = Sampling(seed=3, max_tokens=8)
    assert reply(engine, "w1", seeded)[0] == reply(plain, "w1", seeded)[0]  # exact seeds stay with Transformers
    assert engine.score(["w1 w2 w3"]) == plain.score(["w1 w2 w3"])
    engine.close()


def test_closing_the_iterator_ends_the_computing(tmp_path: Path, settings: Settings) -> None:
    engine = open_decoder(tiny_folders.decoder(tmp_path / "m", "Llama"), settings)
    steps = engine.generate([ask("w1")], Sampling(max_tokens=100))
    assert next(step for step in steps if isinstance(step, Writing))
    steps.close()
    assert reply(engine, "w1", GREEDY)[0]


def test_a_conversion_that_computes_wrong_numbers_is_refused(tmp_path: Path, settings: Settings) -> None:
    scaled = {"rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0,
              "high_freq_factor": 4.0, "original_max_position_embeddings": 32}  # fmt: skip
    folder = tiny_folders.decoder(tmp_path / "scaled", "Llama", rope_parameters=scaled)
    caches = settings.paths.conversions
    assert ct2_cache.converted(folder, caches) is None
    [refused] = caches.glob("*.refused")
    assert "apart by" in refused.read_text("utf-8")
    engine = Int8Decoder("scaled", folder, settings)
    assert reply(engine, "w1 w2")[0] == reply(Transformers("scaled", folder, settings), "w1 w2")[0]


def test_two_processes_convert_once(tmp_path: Path, settings: Settings) -> None:
    folder, caches = tiny_folders.decoder(tmp_path / "m", "Llama"), settings.paths.conversions
    command = [sys.executable, "-c", CONVERT, str(folder), str(caches)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) for _ in range(2)]
    said = [process.communicate(timeout=200)[0] for process in both]
    assert said[0] == said[1]
    assert said[0]
    assert [path for path in caches.iterdir() if path.name.startswith(".converting")] == []


def test_the_first_reply_does_not_wait_for_the_copy(tmp_path: Path, settings: Settings) -> None:
    folder = tiny_folders.decoder(tmp_path / "m", "Llama")
    pool = Pool(settings.model_copy(update={"convert": True}))
    model = pool.generator("tiny", folder, "transformers")
    first = reply(model, "w1 w2 w3")[0]
    assert isinstance(model.engine, Int8Decoder)
    assert eventually(lambda: model.engine._opened_fast() is not None, within_s=200)
    assert reply(model, "w1 w2 w3")[0].split()[0] == first.split()[0]
    pool.close()
    assert not isinstance(Pool(settings).generator("tiny", folder, "transformers").engine, Int8Decoder)


@pytest.mark.parametrize("kind", ["Marian", "T5"])
def test_a_translator_translates_as_transformers_does(kind: str, tmp_path: Path, settings: Settings) -> None:
    import transformers as hf

    folder = tiny_folders.translator(tmp_path / kind, kind)
    made = SentenceTranslator(folder, settings.paths.conversions, 1)
    assert isinstance(made, Translator)
    found = made.translate(SENTENCES, search=Search(beams=1))
    assert made.is_int8, [path.read_text("utf-8") for path in settings.paths.conversions.glob("*.refused")]
    tokenizers: Any = hf.AutoTokenizer
    tokenizer, models = tokenizers.from_pretrained(folder), hf.AutoModelForSeq2SeqLM
    model: Any = models.from_pretrained(folder).eval()
    for sentence, translation in zip(SENTENCES, found, strict=True):
        out = model.generate(
            **tokenizer(sentence, return_tensors="pt"), num_beams=1, do_sample=False, max_new_tokens=20
        )
        slow = tokenizer.decode(out[0], skip_special_tokens=True).split()
        assert translation.text.split()[:1] == slow[:1]
    by_torch = SentenceTranslator(folder, settings.paths.conversions, 1, convert=False)
    for one, other in zip(found, by_torch.translate(SENTENCES, search=Search(beams=1)), strict=True):
        if one.text == other.text:  # else the two are sure of different sentences
            assert one.logprob == pytest.approx(other.logprob, abs=0.1)
    made.close()
    assert made.translate(SENTENCES, search=Search(beams=1)) == found


def test_how_sure_a_translator_is_is_the_mean_over_what_it_wrote(tmp_path: Path, settings: Settings) -> None:
    import torch
    import transformers as hf

    folder = tiny_folders.translator(tmp_path / "m", "Marian")
    made = SentenceTranslator(folder, settings.paths.conversions, 1, convert=False)
    search = Search(beams=3, repetition_penalty=1.3, max_tokens=9)  # which are not the model's own opinion
    [found] = made.translate(["w1 w2 w3"], search=search)
    tokenizers: Any = hf.AutoTokenizer
    tokenizer, models = tokenizers.from_pretrained(folder), hf.AutoModelForSeq2SeqLM
    model: Any = models.from_pretrained(folder, dtype=torch.float32).eval()
    given = tokenizer("w1 w2 w3", return_tensors="pt")["input_ids"]
    [row] = made._by_torch(model, given.tolist(), [], search)
    labels = torch.tensor([row[0][1:]])
    with torch.inference_mode():
        assert found.logprob == pytest.approx(-float(model(input_ids=given, labels=labels).loss), abs=1e-4)
