"""The page: a thin face of the workbench. Gradio is known here alone."""

from llm_core.web.page import build, launch

__all__ = ["build", "launch"]
