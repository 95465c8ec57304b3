"""Open the page: python app.py, then http://127.0.0.1:7860. Also what a hosted Space starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from llm_core.errors import UserError
from llm_core.messages import explain, say, system_language
from llm_core.settings import Settings
from llm_core.web.serving import serve

INTERRUPTED = 130  # what a shell expects after Ctrl-C


def main() -> int:
    """Settings -> Workbench -> page; what is not given here comes from LLM_CORE_* variables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offline", action="store_true", default=None, help="fetch nothing, ever")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", help="port of the page; 0 takes any free one")
    parser.add_argument("--home", type=Path, help="folder for models and conversations")
    parser.add_argument("--auth", dest="auth_file", type=Path, help="file with one user:password a line; asks for it")
    language = system_language()
    try:
        settings = Settings.read(**vars(parser.parse_args()))
        serve(settings, lambda url: print(say(language, "page.up", url=url), flush=True))
    except UserError as error:
        print(explain(error, language), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
