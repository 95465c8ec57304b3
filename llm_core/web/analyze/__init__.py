"""The parts of the Analyze tab."""
