"""The page: frame, tabs, and how it is served. Holds no logic; every tab is one module and one line here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from llm_core.errors import UserError
from llm_core.settings import LOOPBACK, Settings
from llm_core.web import (
    api,
    caller,
    header,
    inside,
    login,
    mine,
    models_sheet,
    tab_analyze,
    tab_ask,
    tab_chat,
    tab_summarize,
    tab_train,
    tab_translate,
)
from llm_core.web.frame import PRIVATE, STATIC, Build, Frame, known_visitor
from llm_core.web.gradio import gr
from llm_core.web.headers import PageHeaders
from llm_core.web.i18n import t, translations
from llm_core.web.theme import theme
from llm_core.web.train import downloads
from llm_core.web.train import side as race_segment

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


class Tab(NamedTuple):
    """One tab: its label is the message `page.tab_<name>`."""

    name: str
    build: Build


TABS = (
    Tab("train", inside.beside(tab_train.build, race_segment.build)),
    Tab("chat", tab_chat.build),
    Tab("summarize", tab_summarize.build),
    Tab("translate", tab_translate.build),
    Tab("ask", tab_ask.build),
    Tab("analyze", tab_analyze.build),
)
FIRST = "chat"
SHEETS = (
    "type", "frame", "controls", "chat", "summarize", "translate", "ask", "analyze", "train", "inside", "race",
    "phone", "mine", "models",
)  # in this order  # fmt: skip
STYLES = tuple(f"{name}.css" for name in SHEETS)
SCRIPTS = ("page.js", "links.js", "chart.js", "marked.js", "graph.js")
IDLE_SLEEP_S = 0.02  # Gradio's queue looks for work every millisecond otherwise, which burns a tenth of a core
WAITING_EVENTS_MAX = 256
SESSIONS_MAX = 500


def build(workbench: Workbench) -> gr.Blocks:
    """All components and events of the page."""
    title = "LLM Workbench · 语言模型工作台"
    page: gr.Blocks
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        frame = _frame(workbench, page)
        with gr.Tabs(overflow_behavior="wrap", elem_id="tabs", selected=FIRST):
            for tab in TABS:
                with gr.Tab(t(f"page.tab_{tab.name}"), id=tab.name, elem_id=f"tab-{tab.name}"):
                    tab.build(workbench, frame)
        mine.build(workbench, frame)
        models_sheet.build(workbench)
        api.publish(workbench)
    # Events wait for their model in its own line (engines), not in Gradio's.
    page.queue(max_size=WAITING_EVENTS_MAX, default_concurrency_limit=None)
    page._queue.sleep_when_free = IDLE_SLEEP_S
    page._queue.progress_update_sleep_when_free = IDLE_SLEEP_S
    return page


def launch(
    workbench: Workbench,
    page: gr.Blocks,
    *,
    host: str | None = None,
    port: int | None = None,
    routes: Sequence[BaseRoute] = (),
    on_up: Callable[[str], None] = lambda url: None,
    wait: bool = True,
) -> str:
    """Serve the page, and `routes` beside it.

    Args:
        workbench: whose page it is.
        page: as `build` made it.
        host: where to listen; the setting where none is given.
        port: likewise; 0 takes any free one.
        routes: answered before the page's own.
        on_up: called with the address once the page answers.
        wait: whether to stay here until Ctrl-C, which is passed on as KeyboardInterrupt.

    Raises:
        UserError: `port_taken`.
    """
    settings = workbench.settings
    workbench.jobs.address = (lambda: "") if settings.is_local else caller.current
    host, port = host or settings.host, settings.port if port is None else port
    page.launch(
        server_name=host, server_port=_free_port(host, port), quiet=True, prevent_thread_lock=True,
        theme=theme(), i18n=translations(), head=_head(), run_history=False, enable_monitoring=False,
        footer_links=["api"], show_error=False, inbrowser=False, ssr_mode=False, pwa=False, mcp_server=False,
        max_file_size=max(settings.document_bytes_max, settings.import_bytes_max),  # each has a sentence of its own
        state_session_capacity=SESSIONS_MAX, max_threads=100,
        app_kwargs=_app_options(host, settings, [*downloads.routes(workbench), *routes]),
    )  # fmt: skip
    url = f"http://{_written(host)}:{page.server_port}"
    on_up(url)
    if wait:
        _until_interrupted(page)
    return url


def _until_interrupted(page: gr.Blocks) -> None:
    """Gradio's own waiting ends as if nothing had happened, and says so on stdout in English."""
    gone = threading.Event()
    try:
        while not gone.wait(0.2):  # Windows hears Ctrl-C only between two waits
            pass
    finally:
        page.close(verbose=False)


def _frame(workbench: Workbench, page: gr.Blocks) -> Frame:
    # The name and the key are fixed, or what the browser keeps would be lost at each start. The key is no secret:
    # it travels with the page.
    visitor = gr.BrowserState(None, storage_key="workbench_visitor", secret="kept by the browser")  # noqa: S106
    opened = page.load(known_visitor, visitor, visitor, **PRIVATE)
    return Frame(visitor, opened, header.build(workbench), gr.State(None))


def _app_options(host: str, settings: Settings, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    middleware = [Middleware(PageHeaders, loopback=host in LOOPBACK, settings=settings)]
    if people := login.read(settings):
        middleware.append(Middleware(login.Login, people=people, settings=settings))
    return {"middleware": middleware, "routes": list(routes), "openapi_url": None}


def _head() -> str:
    # launch(css=) would prefix rules inside @media and drop @supports; a <style> in the head is left alone.
    styles = "".join((STATIC / name).read_text("utf-8") for name in STYLES)
    scripts = "".join(f"<script>{(STATIC / name).read_text('utf-8')}</script>" for name in SCRIPTS)
    return f"<style>{styles}</style>{scripts}"


def _free_port(host: str, port: int) -> int:
    """The port itself, or a free one for 0; said before Gradio tries, which would only raise OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError("port_taken", port=port) from error
        return int(probe.getsockname()[1])


def _written(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
