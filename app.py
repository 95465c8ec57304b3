"""Open the page: python app.py, then http://127.0.0.1:7860. Also what a hosted Space starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from llm_core.errors import UserError
from llm_core.messages import explain, say, system_language
from llm_core.settings import Settings
from llm_core.web import build, launch
from llm_core.workbench import Workbench, log_to_file


def main() -> int:
    """Settings -> Workbench -> page; what is not given here comes from LLM_CORE_* variables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offline", action="store_true", default=None, help="fetch nothing, ever")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port of the page; 0 takes any free one")
    parser.add_argument("--home", type=Path, help="folder for models and conversations")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    language = system_language()
    with Workbench(Settings(**given)) as workbench:
        log_to_file(workbench.settings)

        def up(url: str) -> None:
            print(say(language, "page.up", url=url), flush=True)
            workbench.models.start_recommended()

        try:
            launch(workbench, build(workbench), on_up=up)
        except UserError as error:
            print(explain(error, language), file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
