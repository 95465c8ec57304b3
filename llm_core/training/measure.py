"""What stands in a model card: a finished run against held-out text, beside its baseline.

    python -m llm_core.training.measure RUN_FOLDER [--dev NAME=FILE ...]

writes scores.json into the run's folder. Translations are scored with sacrebleu, which only
development installs have.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel

from llm_core.atomic import writing
from llm_core.models import register
from llm_core.models.ngram import NGram
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import read_rows
from llm_core.training.dataset import Batch
from llm_core.training.evaluate import at_rest, bits_per_character, translate
from llm_core.training.families import open_tokens
from llm_core.training.run import Run

ORDER = 5
Ids = NDArray[np.int64]


def by_language(texts: Sequence[str]) -> dict[str, list[str]]:
    """Texts sorted into "zh" and "en" by whether a tenth of their characters are Chinese."""
    sorted_out: dict[str, list[str]] = {"zh": [], "en": []}
    for text in texts:
        chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
        sorted_out["zh" if chinese > 0.1 * len(text) else "en"].append(text)
    return {language: some for language, some in sorted_out.items() if some}


def decoder_scores(run: Run) -> dict[str, dict[str, float]]:
    """Bits a character of the validation text, by language: the model, and two 5-gram models of the same text."""
    register()
    model = AutoModelForCausalLM.from_pretrained(run.folder / "model", dtype=torch.float32).eval()
    texts = by_language([row[0] for row in read_rows(run.folder / "data" / "valid.jsonl")])
    context, loss = run.config.batch.context, run.family.loss
    if run.config.family == "vae":
        own = {k: sentence_bits(run, model, some) for k, some in texts.items()}
    else:
        own = {k: bits_per_character(model, run.tokenizer, some, context, loss) for k, some in texts.items()}
    scores = {"model": own}
    return {name: _with_all(values, texts) for name, values in (scores | ngram_scores(run, texts)).items()}


def sentence_bits(run: Run, model: PreTrainedModel, texts: Sequence[str]) -> float:
    """Bits a character of a family that reads sentences, each with its end, which counts as one.

    A VAE's is an upper bound, at one z drawn for each sentence.
    """
    sentences = [sentence for text in texts for sentence in run.family.units(text)]
    nats, end = 0.0, run.tokenizer.eos_token_id
    with at_rest(model):
        torch.manual_seed(run.config.seed)
        for sentence in sentences:
            ids = [end, *run.tokenizer(sentence, add_special_tokens=False)["input_ids"], end]
            row = torch.tensor([ids])  # 1, T + 1
            inputs = {"input_ids": row[:, :-1], "attention_mask": torch.ones_like(row[:, :-1])}
            nats += float(run.family.loss(model, Batch(inputs, row[:, 1:]), 0.0)[1])
    return nats / math.log(2) / _length(sentences)


def ngram_scores(run: Run, texts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Kneser-Ney 5-gram models of the run's training text, over characters and over the run's pieces."""
    train = [row[0] for row in read_rows(run.folder / "data" / "train.jsonl")]
    alphabet = np.unique(_code_points(train))
    pieces = open_tokens(run.folder / "data", "train")[0].ids

    def characters(some: Sequence[str]) -> Ids:
        codes = _code_points(some)
        at = np.minimum(np.searchsorted(alphabet, codes), len(alphabet) - 1)
        return np.where(alphabet[at] == codes, at, len(alphabet))  # one id for all unknown ones

    def encoded(some: Sequence[str]) -> Ids:
        end = run.tokenizer.eos_token_id
        batch = run.tokenizer(list(some), add_special_tokens=False)["input_ids"]
        return np.concatenate([[*ids, end] for ids in batch]).astype(np.int64)

    by_characters = NGram(ORDER, len(alphabet) + 1).fit(characters(train))
    by_pieces = NGram(ORDER, len(run.tokenizer)).fit(pieces.astype(np.int64))
    return {
        f"{ORDER}-gram, characters": {k: by_characters.bits(characters(t)) / _length(t) for k, t in texts.items()},
        f"{ORDER}-gram, pieces": {k: by_pieces.bits(encoded(t)) / _length(t) for k, t in texts.items()},
    }


def _code_points(texts: Sequence[str]) -> Ids:
    """The characters of all texts, each text followed by a zero."""
    joined = "".join(f"{text}\0" for text in texts)
    return np.frombuffer(joined.encode("utf-32-le"), dtype="<u4").astype(np.int64)


def _length(texts: Sequence[str]) -> int:
    """Characters, the end of each text counted as one."""
    return sum(len(text) + 1 for text in texts)


def translator_scores(run: Run, dev: Mapping[str, Path], beams: int = 4) -> dict[str, dict[str, float]]:
    """BLEU and chrF of both directions on each development set, with sacrebleu's standard settings."""
    from sacrebleu import corpus_bleu, corpus_chrf

    model = AutoModelForSeq2SeqLM.from_pretrained(run.folder / "model", dtype=torch.float32).eval()
    scores = {}
    for name, path in dev.items():
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        for source, target in (("zh", "en"), ("en", "zh")):
            said = translate(model, run.tokenizer, [row[source] for row in rows], target, beams)
            meant = [[row[target] for row in rows]]
            bleu = corpus_bleu(said, meant, tokenize="zh" if target == "zh" else "13a")
            chrf = corpus_chrf(said, meant)
            scores[f"{name} {source}-{target}"] = {"bleu": round(bleu.score, 2), "chrf": round(chrf.score, 2)}
    return scores


def _with_all(values: dict[str, float], texts: Mapping[str, Sequence[str]]) -> dict[str, float]:
    weights = {k: _length(some) for k, some in texts.items()}
    whole = sum(values[k] * weights[k] for k in values) / sum(weights.values())
    return {k: round(value, 3) for k, value in (values | {"all": whole}).items()}


def main() -> None:
    """Measure the run and write scores.json."""
    parser = argparse.ArgumentParser(prog="python -m llm_core.training.measure")
    parser.add_argument("run", type=Path)
    parser.add_argument("--dev", nargs="*", default=[], help="NAME=FILE of sentence pairs, for a translator")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = TrainConfig.model_validate_json((options.run / "config.json").read_text(encoding="utf-8"))
    run = Run(config, options.run)
    scores: dict[str, dict[str, dict[str, float]]]
    if config.family != "seq2seq":
        scores = {"bits_per_character": decoder_scores(run)}
    else:
        dev = {name: Path(path) for name, _, path in (entry.partition("=") for entry in options.dev)}
        scores = {"translation": translator_scores(run, dev)}
    with writing(options.run / "scores.json", "w") as out:
        json.dump(scores, out, ensure_ascii=False, indent=2)
    print(json.dumps(scores, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
