"""What can be done with a finished run: measured, tried for what it recites, taken elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import explain, say
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.train import pieces, results
from llm_core.web.train.downloads import ticket
from llm_core.web.train.looking import painted
from llm_core.web.train.view import Update, View, wish

if TYPE_CHECKING:
    from llm_core.events import Events


class Judging:
    """Handlers of the panel below a finished run.

    Args:
        view: what is shown.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._screen = view.screen

    def act(self, visitor: str, current: str, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        """A button of the panel was clicked."""
        language, asked = language_of_request(request), wish(event).get("do")
        if asked in ("zip", "gguf"):
            yield {self._screen.fetched: ticket(visitor, current, "gguf" if asked == "gguf" else "zip")}
            return
        owner, measuring = self._view.owner(visitor), self._view.workbench.measuring

        def begin() -> Events:
            if asked == "privacy":
                return measuring.privacy(owner, current)
            return measuring.writer(owner, current)

        for picture in painted(self._view.workbench.jobs, visitor, begin, language, "measuring"):
            if isinstance(picture, str):
                yield {self._screen.judged: picture}
            else:
                yield {self._screen.judged: ""} | self._view.result(visitor, current, language)

    def push(self, visitor: str, current: str, repo: str, token: str, request: gr.Request) -> Iterator[Update]:
        """Send the model to the Hub. The token leaves the page with the click and is kept nowhere."""
        language, screen = language_of_request(request), self._screen
        waiting = f'<p class="meter">{say(language, "trained.pushing")}</p><i class="line runs"></i>'
        yield {screen.judged: waiting, screen.token: ""}
        try:
            if not self._view.pushes:
                raise UserError("offline")
            owner = self._view.owner(visitor)
            address = self._view.workbench.exports.push(owner, current, repo.strip(), token.strip())
            yield {screen.judged: results.pushed(address, language)}
        except UserError as error:
            yield {screen.judged: pieces.notice(explain(error, language))}
        except Exception:
            yield {screen.judged: pieces.notice(explain(unexpected("pushing a model"), language))}
