"""Looking into a model: numbers only, no pictures."""
