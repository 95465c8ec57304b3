"""Families of our own as Transformers classes, tokenizers, and the card of a model."""
