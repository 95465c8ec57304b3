"""The parts of the Summarize tab."""
