"""From raw text to a trained model: read, clean, tokenize, train, measure.

Knows nothing of pages, engines or tasks, and needs only torch, transformers,
tokenizers, sentencepiece, safetensors, numpy, pydantic, psutil and filelock, so that
it runs as it is on a bare GPU machine.
"""
