"""Serving until Ctrl-C: what `python app.py` and `python -m llm_core serve` share."""

from __future__ import annotations

import sys
from collections.abc import Callable

from llm_core.engines import zero_gpu
from llm_core.messages import say, system_language
from llm_core.settings import Settings
from llm_core.web import login, openai, sharing, weights
from llm_core.web.page import build, launch
from llm_core.web.telling import tell
from llm_core.workbench import Workbench, log_to_file


def serve(settings: Settings, announce: Callable[[str], None], *, protocol: bool = False) -> None:
    """Serve the page; once it is up, fetch the recommended model where none is here.

    Args:
        settings: as read at the start.
        announce: called with the address once the page answers.
        protocol: the OpenAI protocol too, beside the page.

    Raises:
        UserError: `port_taken`, `key_unset`, `auth_file_missing`, `auth_unusable`.
        KeyboardInterrupt: somebody ended it; everything is closed.
    """
    if protocol:
        openai.check_exposed(settings)
    if not (settings.is_local or settings.public or login.read(settings)):
        print(say(system_language(), "page.open_to_all", host=settings.host), file=sys.stderr, flush=True)
    zero_gpu.prepare(settings)
    with Workbench(settings) as workbench:
        log_to_file(settings)

        def up(url: str) -> None:
            announce(url)
            workbench.models.start_recommended()
            tell(workbench.models, system_language())

        routes = [*sharing.routes(workbench), *weights.routes(workbench)]
        routes += openai.routes(workbench) if protocol else []
        launch(workbench, build(workbench), routes=routes, on_up=up)
