"""Convert a Transformers folder for CTranslate2 in int8, and compare with the original. Runs as a process of its own:

    python llm_core/engines/ct2_convert.py MODEL_FOLDER OUTPUT_FOLDER

Some kinds of models convert without a word and compute wrong numbers (llama3's rope, Gemma 3), which shows over tens
of tokens alone: so the conversion is first made in 32 bits, where every number must agree, and only then in 8. Ends
with code 3 and one line on stderr where the two differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TOKENS = 48  # compared, of each side
WHOLE_MAX = 0.01  # difference in 32 bits, as a share of the largest number: measured 2e-6, a fault of rope gives 0.3
EIGHT_COSINE_MIN = 0.97  # of what is left in 8 bits to the original: measured 0.998
DIFFERS = 3


def main(source: Path, target: Path) -> str:
    """Write the converted model to `target`; returns why it is not to be trusted, or ""."""
    import torch
    from ctranslate2.converters import TransformersConverter

    torch.set_num_threads(1)
    whole = target.with_name(f"{target.name}-whole")
    converter = TransformersConverter(str(source), low_cpu_mem_usage=False)
    converter.convert(str(whole))
    converter.convert(str(target), quantization="int8")
    for made in (whole, target):
        _mend(made / "config.json")
    compare = _of_translator if _is_translator(source) else _of_decoder
    return compare(source, whole, target)


def _mend(config: Path) -> None:
    """A tokenizer without a mark of the beginning is written as null, which cannot be read back."""
    told = json.loads(config.read_text("utf-8"))
    mended = {name: "" if value is None and name.endswith("_token") else value for name, value in told.items()}
    config.write_text(json.dumps(mended), "utf-8")


def _of_decoder(source: Path, whole: Path, eight: Path) -> str:
    import ctranslate2
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, trust_remote_code=False)
    length = min(TOKENS, getattr(model.config, "max_position_embeddings", TOKENS))
    ids = torch.randint(model.config.vocab_size, (1, length), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        original = model.eval()(ids).logits[0].numpy()

    def logits(folder: Path, kind: str) -> Any:
        generator = ctranslate2.Generator(str(folder), compute_type=kind, intra_threads=1)
        return np.array(generator.forward_batch([ids[0].tolist()]))[0][:, : original.shape[1]]

    return _judged(original, logits(whole, "float32"), logits(eight, "int8"))


def _of_translator(source: Path, whole: Path, eight: Path) -> str:
    """The log-likelihoods of random tokens as a translation of random tokens."""
    import ctranslate2
    import numpy as np
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizers: Any = AutoTokenizer
    tokenizer = tokenizers.from_pretrained(source, trust_remote_code=False)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(source, dtype=torch.float32, trust_remote_code=False)
    config = model.config
    special = {tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id}
    plain = [n for n in range(min(len(tokenizer), config.vocab_size)) if n not in special]
    drawn = torch.randint(len(plain), (2, TOKENS - 1), generator=torch.Generator().manual_seed(0)).tolist()
    given, written = ([plain[n] for n in row] for row in drawn)
    end, start = tokenizer.eos_token_id, config.decoder_start_token_id
    with torch.no_grad():
        out = (
            model.eval()(input_ids=torch.tensor([[*given, end]]), decoder_input_ids=torch.tensor([[start, *written]]))
            .logits[0]
            .clone()
        )
    if config.model_type == "marian":
        out[:, config.pad_token_id] = -torch.inf  # it is never written, and CTranslate2 leaves it out
    nats = out.log_softmax(-1)[torch.arange(TOKENS), torch.tensor([*written, end])].numpy()

    def scores(folder: Path, kind: str) -> Any:
        translator = ctranslate2.Translator(str(folder), compute_type=kind, intra_threads=1)
        rows = [tokenizer.convert_ids_to_tokens(row) for row in ([*given, end], written)]
        return np.array(translator.score_batch([rows[0]], [rows[1]])[0].log_probs)

    return _judged(nats[None], scores(whole, "float32")[None], scores(eight, "int8")[None])


def _judged(original: Any, whole: Any, eight: Any) -> str:
    """Args: each [rows, numbers]."""
    import numpy as np

    if whole.shape != original.shape:
        return f"{whole.shape} numbers instead of {original.shape}"
    apart = float(np.abs(whole - original).max() / np.abs(original).max())
    if not apart <= WHOLE_MAX:
        return f"apart by {apart:.3f} in 32 bits"
    if not (cosine := _cosine(original, eight)) >= EIGHT_COSINE_MIN:
        return f"cosine {cosine:.3f} in 8 bits"
    return ""


def _cosine(one: Any, other: Any) -> float:
    import numpy as np

    a, b = one - one.mean(-1, keepdims=True), other - other.mean(-1, keepdims=True)
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _is_translator(source: Path) -> bool:
    return bool(json.loads((source / "config.json").read_text("utf-8")).get("is_encoder_decoder"))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    if reason := main(Path(sys.argv[1]), Path(sys.argv[2])):
        print(reason, file=sys.stderr)
        sys.exit(DIFFERS)
