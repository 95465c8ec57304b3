"""The parts of the Translate tab."""
