"""From raw text to a model. Knows nothing of screens."""
