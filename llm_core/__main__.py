"""`python -m llm_core`: the command line, with the page for its `serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_core.settings import Settings


def serve(settings: Settings) -> None:
    """Serve the page and the OpenAI protocol. It is here because the command line does not know the page."""
    from llm_core.web import serving

    serving.serve(settings)


if __name__ == "__main__":
    from llm_core.cli.main import main

    sys.exit(main(sys.argv[1:], serve=serve))
