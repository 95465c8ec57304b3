"""Gradio, imported once for the whole page: quickly, and with everything switched off that would leave this machine.

Every module of the page takes `gr` from here.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import Any

# Read by Gradio while it is imported. Without the first, it calls home at start-up; the other two keep it from
# summing up up to 10,000 past events after each event.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "200")

_getfile = inspect.getfile


def _getfile_but_for_stubs(thing: Any) -> str:
    """Tell Gradio's stub writer that a class has no file: it then skips it.

    Gradio rewrites a .pyi file for each of its 81 classes whenever it is imported, which takes half of its import
    time and writes into site-packages.
    """
    if sys._getframe(1).f_code.co_name == "create_or_modify_pyi":
        raise OSError("no stub wanted")
    return _getfile(thing)


inspect.getfile = _getfile_but_for_stubs  # type: ignore[assignment]
try:
    import gradio as gr
finally:
    inspect.getfile = _getfile

__all__ = ["gr"]
