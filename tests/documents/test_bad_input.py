"""Files that are broken, hostile or something else: each has one clear outcome, and the next file is read as ever."""

import io
import time
import zipfile

import pytest

from llm_core.documents import guard
from llm_core.errors import UserError
from llm_core.events import Done, Notice, collect
from llm_core.messages import explain, say
from llm_core.settings import Settings
from tests.documents.samples import EN, hollow_pdf, locked, parse, pdf, pixel, word, word_with

SHOWN = b"BT /F 12 Tf 72 700 Td (It stands here.) Tj ET"


def outcome(tmp_path, data: bytes, name: str, settings: Settings) -> str:
    """The code of the error, after checking that it can be said in both languages; "" for a document."""
    path = tmp_path / "uploaded"
    path.write_bytes(data)
    try:
        collect(guard.read(path, name, settings))
    except UserError as error:
        for language in ("en", "zh"):
            assert guard.plain_name(name) in explain(error, language)
        return error.code
    return ""


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


PDF = pdf([("text", EN[0])])
PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (locked(PDF), "locked.pdf", "document_locked"),
        (PDF[:300] + b"\0" * 300, "broken.pdf", "document_broken"),
        (b"%PDF-1.7\n", "empty.pdf", "document_broken"),
        (b"", "nothing.pdf", "document_empty"),
        (hollow_pdf(0), "no pages.pdf", "document_broken"),
        (hollow_pdf(1), "blank.pdf", "document_scanned"),
        (hollow_pdf(10_000, SHOWN), "long.pdf", "document_pages"),
        (zipped(a=b"text"), "archive.docx", "document_mismatch"),
        (word()[:2000], "cut.docx", "document_broken"),
        (word_with(PARAGRAPH.format("&e;"), declaration=ENTITY), "entities.docx", "document_entities"),
        (word_with("<w:p>"), "broken.docx", "document_broken"),
        (bytes(range(256)) * 50, "binary.txt", "document_not_text"),
        (pixel(), "picture.txt", "document_mismatch"),
        (pixel(), "picture.png", "document_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.doc", "document_old_word"),
        (b"text", "../../etc/passwd", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_outcome(tmp_path, settings, data, name, code):
    assert outcome(tmp_path, data, name, settings) == code


def test_a_file_of_50_mb_is_refused_unread_where_the_limit_is_lower(tmp_path, settings):
    small = settings.model_copy(update={"document_bytes_max": 40_000_000})
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    started = time.monotonic()
    with pytest.raises(UserError, match="document_big") as error:
        collect(guard.read(path, "big.txt", small))
    assert time.monotonic() - started < 0.5
    assert explain(error.value, "en") == (
        "“big.txt” has 50 MB, and a file may have 40 MB. Split it, or paste the part you need."
    )


def test_50_mb_of_text_have_too_many_characters(tmp_path, settings):
    started = time.monotonic()
    assert outcome(tmp_path, b"The sand came in. " * 2_800_000, "big.txt", settings) == "document_too_long"
    assert time.monotonic() - started < 10


def test_a_file_that_is_gone(tmp_path, settings):
    with pytest.raises(UserError, match="document_missing"):
        collect(guard.read(tmp_path / "none", "gone.txt", settings))


def test_a_word_document_that_inflates_to_gigabytes(tmp_path, settings):
    small = settings.model_copy(update={"document_inflated_bytes_max": 20_000_000})
    data = word_with(PARAGRAPH.format("0" * 30_000_000))
    assert len(data) < 100_000
    assert outcome(tmp_path, data, "bomb.docx", small) == "document_bomb"


def test_a_pdf_that_inflates_to_gigabytes(tmp_path, settings):
    tight = settings.model_copy(update={"document_memory_mib_max": 256})
    data = hollow_pdf(1, inflated=SHOWN + b" " * 200_000_000)
    assert len(data) < 1_000_000
    assert outcome(tmp_path, data, "bomb.pdf", tight) in ("document_died", "document_heavy")


def test_memory_is_watched_where_the_system_does_not_limit_it(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(
        guard.psutil, "Process", lambda pid: type("Fat", (), {"memory_info": lambda self: self, "rss": 1 << 40})()
    )
    assert outcome(tmp_path, hollow_pdf(2000, SHOWN * 300), "fat.pdf", settings) == "document_heavy"


def test_scripts_in_a_page_are_neither_run_nor_read(tmp_path, settings):
    page = (
        b"<html><body onload=alert(1)><script>steal()</script><p>shown</p><img src=x onerror=steal()></body></html>"
    )
    path = tmp_path / "page"
    path.write_bytes(page)
    assert collect(guard.read(path, "page.html", settings)).text == "shown"


def test_a_page_called_txt_is_read_as_the_text_that_it_is():
    assert parse("<html><script>x()</script></html>", "page.txt").text == "<html><script>x()</script></html>"


def test_a_document_in_neither_language_is_read_and_said(tmp_path, settings):
    path = tmp_path / "ru"
    path.write_text("Порт строили в три этапа, и каждый этап оставил после себя камень другого рода.", "utf-8")
    events = list(guard.read(path, "port.txt", settings))
    assert [event.code for event in events if isinstance(event, Notice)] == ["document_language"]
    assert isinstance(events[-1], Done) and events[-1].result.language is None
    assert say("zh", "notices.document_language", name="port.txt").startswith("“port.txt”")


def test_a_worker_that_dies_is_told(tmp_path, settings, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text("import os; os.abort()")
    monkeypatch.setattr(guard.worker, "__file__", str(script))
    assert outcome(tmp_path, b"text", "a.txt", settings) == "document_died"
