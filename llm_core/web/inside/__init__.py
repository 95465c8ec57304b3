"""Look inside: what a model does with a sentence, beside the formula and the lines of code that say why."""

from llm_core.web.inside.view import beside, build

__all__ = ["beside", "build"]
