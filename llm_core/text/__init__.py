"""Text in, text out: language, sentences, words. No model, no file."""
