"""Running a model: one module an engine, behind the protocols of base.py."""
