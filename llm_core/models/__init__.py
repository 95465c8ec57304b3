"""Families of language models, their tokenizers and their cards."""
