"""What a file is, is decided by its content; its name is a hint, and never a path."""

import sys
import types

import pytest

from llm_core.documents import formats
from llm_core.documents.formats import FORMATS, NAME_CHARS_MAX, format_of, plain_name
from llm_core.errors import UserError
from tests.documents.samples import EN, parse, pdf, pixel, word, word_with

TEXT = EN[0].encode()
PAGE = b"<!doctype html><html><body><p>shown</p></body></html>"
PDF = pdf([("text", EN[0])])


@pytest.mark.parametrize(
    ("data", "name", "format"),
    [
        (TEXT, "a.txt", "txt"), (TEXT, "README", "txt"), (TEXT, "报告.最终版", "txt"), (TEXT, "a.MD", "md"),
        (TEXT, "a.html", "html"),
        (PAGE, "a.htm", "html"), (PAGE, "page", "html"), (PAGE, "a.txt", "txt"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><html><body>x</body></html>", "x.xhtml", "html"),
        (PDF, "a.pdf", "pdf"), (PDF, "a.txt", "pdf"), (PDF, "a.docx", "pdf"), (b"\n\n" + PDF, "a", "pdf"),
        (word(), "a.docx", "docx"), (word(), "a.zip", "docx"), (word(), "报告", "docx"),
    ],
)  # fmt: skip
def test_the_content_decides(data, name, format):
    assert format_of(data, name).name == format


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.txt", "document_empty"), (b" \n\t ", "a.md", "document_empty"), (b"", "a.pdf", "document_empty"),
        (TEXT, "a.pdf", "document_broken"), (TEXT, "a.docx", "document_broken"),
        (word_with("").replace(b"word/document.xml", b"mord/document.xml"), "a.docx", "document_mismatch"),
        (b"PK\x03\x04 broken", "a.docx", "document_broken"), (pixel(), "a.txt", "document_mismatch"),
        (pixel(), "a.png", "document_unknown"), (bytes(range(256)) * 9, "a.xyz", "document_unknown"),
        (b"\x7fELF\2\1\1", "ls", "document_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.doc", "document_old_word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.docx", "document_locked"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_before_it_is_parsed(data, name, code):
    with pytest.raises(UserError, match=code):
        format_of(data, name)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("../../etc/passwd", "passwd"), ("C:\\Users\\me\\论文.docx", "论文.docx"), ("a\0b\n\u202etxt.exe", "abtxt.exe"),
     ("/", "?"), ("..", "?"), ("", "?"), ("a/..", "?"), ("报告 v2.pdf", "报告 v2.pdf")],
)  # fmt: skip
def test_a_name_has_no_path_in_it(name, plain):
    assert plain_name(name) == plain


def test_a_long_name_keeps_its_ending():
    name = plain_name("长" * 400 + ".docx")
    assert len(name) == NAME_CHARS_MAX and name.endswith("….docx")


def test_every_format_has_its_reader():
    for each in FORMATS:
        assert callable(each.reader().read)


def test_a_new_format_is_one_module_and_one_line(monkeypatch):
    reader = types.ModuleType("llm_core.documents.shout")
    reader.read = lambda data, reading: reading.add(data.decode().upper())
    monkeypatch.setitem(sys.modules, reader.__name__, reader)
    line = formats.Format("shout", (".shout",), lambda sample: sample.head.startswith(b"!"))
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, line))
    assert parse("!sand", "a.shout").text == "!SAND"
