"""`python -m llm_core`: the command line, with the page for its `serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_core.settings import Settings


def serve(settings: Settings) -> None:
    """The page, and the OpenAI protocol beside it. It is here because the command line does not know the page."""
    from llm_core.messages import say, system_language
    from llm_core.web import serving

    def announce(url: str) -> None:
        print(say(system_language(), "cli.serve_up", url=url), file=sys.stderr, flush=True)

    serving.serve(settings, announce, protocol=True)


if __name__ == "__main__":
    from llm_core.cli.main import main

    sys.exit(main(sys.argv[1:], serve=serve))
