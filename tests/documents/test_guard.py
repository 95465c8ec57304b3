"""Reading in a process of its own: it says how far it is, ends when it is told to, and costs one message at most."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.errors import UserError
from llm_core.events import Done, Notice, Progress, collect
from llm_core.settings import Settings
from tests.documents.samples import EN, ZH, drawn_pdf, hollow_pdf, parse, pdf, word


def put(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def workers() -> list[psutil.Process]:
    """Children of this process that read documents."""
    found = []
    for child in psutil.Process().children():
        try:
            if any("documents" in part and part.endswith("worker.py") for part in child.cmdline()):
                found.append(child)
        except psutil.Error:
            pass
    return found


def gone(limit_s: float = 5) -> bool:
    end = time.monotonic() + limit_s
    while any(worker.status() != psutil.STATUS_ZOMBIE for worker in workers() if worker.is_running()):
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.02)
    return True


@pytest.fixture
def slow_pdf(tmp_path: Path) -> Path:
    """Takes longer than any test."""
    line = b"BT /F 8 Tf 10 %d Td (The sand came into the harbour and nobody had foreseen it at all in time.) Tj ET\n"
    return put(tmp_path, hollow_pdf(2900, b"".join(line % y for y in range(20, 800, 4))))


def test_the_document_is_what_the_reader_gives(tmp_path, settings):
    for data, name in (
        (pdf([("text", EN[0])]), "a.pdf"),
        (word(chinese=True), "b.docx"),
        (ZH[0].encode("gb18030"), "c.txt"),
    ):
        document = collect(guard.read(put(tmp_path, data), f"/somewhere/{name}", settings))
        assert isinstance(document, Document)
        assert document == parse(data, name)


def test_pages_are_counted_as_they_are_read(tmp_path, settings):
    pages = [[(72.0, 700.0, f"Page {n} has words of its own.")] for n in range(30)]
    events = list(guard.read(put(tmp_path, drawn_pdf([*pages, []])), "a.pdf", settings))
    told = [event for event in events if isinstance(event, Progress)]
    assert (told[-1].stage, told[-1].done, told[-1].total, told[-1].unit) == ("reading_file", 31, 31, "pages")
    notices = [event for event in events if isinstance(event, Notice)]
    assert [(notice.code, notice.facts["n"]) for notice in notices] == [("document_scans", 1)]
    assert isinstance(events[-1], Done)


def test_it_never_waits_long_without_an_event_and_closing_ends_the_worker(slow_pdf, settings):
    events = guard.read(slow_pdf, "slow.pdf", settings)
    last, longest = time.monotonic(), 0.0
    for count, event in enumerate(events):
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        if isinstance(event, Progress) and event.done > 0 and count > 5:
            break
    assert longest < 0.6, "0.1 s, and what a busy machine adds"
    assert workers()
    started = time.monotonic()
    events.close()
    assert time.monotonic() - started < 0.5
    assert gone()


def test_a_worker_ends_with_its_parent(slow_pdf, settings):
    code = (
        "import sys; from pathlib import Path\n"
        "from llm_core.documents import guard; from llm_core.settings import Settings\n"
        "for event in guard.read(Path(sys.argv[1]), 'a.pdf', Settings()):\n"
        "    if type(event).__name__ == 'Progress': print('reading', flush=True)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(slow_pdf)], stdout=subprocess.PIPE, cwd=guard.ROOT)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"reading\n"
    children = psutil.Process(parent.pid).children()
    assert children
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


def test_a_time_limit(slow_pdf, settings):
    short = settings.model_copy(update={"document_seconds_max": 0.7})
    with pytest.raises(UserError, match="document_slow") as error:
        collect(guard.read(slow_pdf, "a.pdf", short))
    assert error.value.facts == {"name": "a.pdf", "seconds": 0.7}
    assert gone()


def test_nothing_of_ours_is_printed_and_nothing_stays_open(tmp_path, settings, capfd):
    path = put(tmp_path, EN[0].encode())
    before = psutil.Process().num_fds() if hasattr(psutil.Process(), "num_fds") else 0
    threads = threading.active_count()
    for _ in range(3):
        collect(guard.read(path, "a.txt", settings))
    assert gone()
    end = time.monotonic() + 5
    while threading.active_count() > threads and time.monotonic() < end:
        threading.Event().wait(0.02)
    assert threading.active_count() <= threads
    assert capfd.readouterr() == ("", "")
    if before:
        assert psutil.Process().num_fds() <= before + 1


def test_what_a_worker_loads_is_what_its_format_needs(tmp_path):
    code = (
        "import sys, json\n"
        "from llm_core.documents.formats import format_of\n"
        "from llm_core.documents.reading import Reading\n"
        "format_of(b'text', 'a.txt').reader().read(b'text', Reading())\n"
        "print(' '.join(name.partition('.')[0] for name in sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=guard.ROOT, check=True
    ).stdout
    assert {"pydantic", "lxml", "pypdfium2", "markdown_it", "numpy", "psutil"} & set(loaded.split()) == set()


def test_settings_name_every_limit(settings: Settings):
    assert guard.limits(settings).pages_max == settings.document_pages_max
