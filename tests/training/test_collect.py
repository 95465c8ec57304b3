"""Whatever text comes as, it comes out as text; what cannot be read says so, and nothing is held in memory whole."""

import csv
import gzip
import json
import lzma
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document as Word
from reportlab.pdfgen.canvas import Canvas

from llm_core.errors import UserError
from llm_core.training.collect import read_records
from llm_core.training.config import Source
from llm_core.training.lines import Limits, documents, read_lines
from llm_core.training.samples import SAMPLES

TEXT = "The old harbour lies between two hills.\n港口在两座小山之间。\n"


def records(path: Path, limits: Limits | None = None) -> list[dict[str, str]]:
    return list(read_records(Source(path=path), limits))


def whole(path: Path) -> str:
    return "".join(record["text"] for record in records(path))


def code(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UserError) as refusal:
        records(path, limits)
    return refusal.value.code


def docx() -> bytes:
    word, out = Word(), BytesIO()
    for line in TEXT.splitlines():
        word.add_paragraph(line)
    word.save(out)
    return out.getvalue()


def pdf() -> bytes:
    out = BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 700, "The old harbour lies between two hills.")
    canvas.save()
    return out.getvalue()


def test_plain_text_stays_what_it_is(tmp_path: Path) -> None:
    for name in ("a.txt", "b.MD"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
        assert whole(tmp_path / name) == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-be", "cp1252"])
def test_encodings_are_told_apart(encoding: str, tmp_path: Path) -> None:
    text = "这是一个关于港口的故事，他们都在那里等着。\n" * 20
    if encoding == "big5":
        text = "這是一個關於港口的故事，他們都在那裡等著。\n" * 20
    if encoding == "cp1252":
        text = "Le café du port était fermé.\n" * 20
    (tmp_path / "text.txt").write_bytes(text.encode(encoding))
    assert whole(tmp_path / "text.txt") == text


def test_a_file_put_together_from_two_encodings_comes_out_whole(tmp_path: Path) -> None:
    one, two = "他们在港口等着渔船回来。\n", "这是另一个人写的，用的是旧的编码。\n"
    (tmp_path / "mixed.txt").write_bytes(b"".join([one.encode(), two.encode("gb18030")] * 30))
    assert whole(tmp_path / "mixed.txt") == (one + two) * 30


def test_documents_are_read_as_their_text(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(docx())
    (tmp_path / "b.pdf").write_bytes(pdf())
    (tmp_path / "c.html").write_text("<html><body><p>Tea &amp; cake</p></body></html>", encoding="utf-8")
    assert whole(tmp_path / "a.docx").split("\n\n") == TEXT.strip().split("\n")
    assert whole(tmp_path / "b.pdf") == "The old harbour lies between two hills."
    assert whole(tmp_path / "c.html") == "Tea & cake"


def test_tables_and_json_lines_keep_their_columns(tmp_path: Path) -> None:
    rows = [{"text": 'said "yes",\nthen left', "label": "calm"}, {"text": "第二行", "label": "平静"}]
    for name, delimiter in (("a.csv", ","), ("b.csv", ";"), ("c.tsv", "\t")):
        with (tmp_path / name).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, ["text", "label"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        assert records(tmp_path / name) == rows
    lines = "".join(json.dumps(row) + "\n\n" for row in rows)
    (tmp_path / "d.jsonl").write_text(lines, encoding="utf-8")
    assert records(tmp_path / "d.jsonl") == rows


def test_packed_files_and_folders_are_opened(tmp_path: Path) -> None:
    folder = tmp_path / "texts 文件夹"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt.xz").write_bytes(lzma.compress(TEXT.encode()))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": "packed"}).encode()))
    with zipfile.ZipFile(folder / "deep" / "c.zip", "w") as archive:
        archive.writestr("../../evil/../one.txt", "from the archive")
        archive.writestr("two.docx", docx())
        archive.writestr("picture.png", b"\x89PNG")
    (folder / "ignored.bin").write_bytes(b"\x00\x01")
    found = [record["text"] for record in records(folder)]
    assert found == [TEXT, "packed", "from the archive", TEXT.strip().replace("\n", "\n\n")]
    assert not (tmp_path / "evil").exists()


def test_a_sample_is_a_source() -> None:
    (first, *rest) = read_records(Source(sample="stories-en"))
    assert {"text": SAMPLES["stories-en"].rows().__iter__().__next__()[0]} == first  # type: ignore[attr-defined]
    assert len(rest) > 500
    with pytest.raises(UserError, match="sample_unknown"):
        list(read_records(Source(sample="no such")))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.exe", b"MZ", "source_unknown"),
        ("a.txt", bytes(range(256)) * 20, "text_not_text"),
        ("a.jsonl", b'{"text": "one"}\n[1, 2]\n', "row_not_json"),
        ("a.jsonl", b"[" * 100_000, "row_not_json"),
        ("a.jsonl", b'{"text": "' + b"x" * 3000 + b'"}', "record_long"),
        ("a.csv", b'text\n"' + b"x\n" * 3000, "table_broken"),
        ("a.txt.xz", lzma.compress(b"one two" * 1000)[:50], "archive_broken"),
        ("a.txt.gz", gzip.compress(b"one two" * 1000)[:30], "archive_broken"),
        ("a.zip", b"PK\x03\x04 cut off", "archive_broken"),
        ("a.docx", b"PK\x03\x04 cut off", "document_broken"),
        ("a.txt.gz", gzip.compress(b"one two\n" * 100_000), "corpus_big"),
    ],
)
def test_what_cannot_be_read_says_so(name: str, content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    limits = Limits(record_bytes=200_000 if b"[[" in content else 2000, text_bytes=500_000)
    assert code(tmp_path / name, limits) == expected


def test_a_path_without_anything_says_so(tmp_path: Path) -> None:
    assert code(tmp_path / "nothing.txt") == "source_missing"
    assert code(tmp_path) == "folder_empty"
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("picture.png", b"\x89PNG")
    assert code(tmp_path / "empty.zip") == "folder_empty"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_one_endless_line_is_read_in_pieces(encoding: str, tmp_path: Path) -> None:
    sentence = "他们在港口等着渔船回来，一直等到天黑。"
    path = tmp_path / "line.txt"
    path.write_bytes((sentence * 300_000).encode(encoding))
    limits, texts, longest = Limits(piece_bytes=40_000), 0, 0
    tracemalloc.start()
    with path.open("rb") as file:
        for text in documents(read_lines(file, "line.txt", limits)):
            texts += text.count(sentence)
            longest = max(longest, len(text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert longest <= 8000
    assert texts > 297_000  # a sentence at the border of two pieces may be cut
    assert peak < 8_000_000 < path.stat().st_size


def test_documents_end_where_paragraphs_do() -> None:
    paragraph = "One sentence of a paragraph. Another one of it.\n"
    text = (paragraph * 5 + "\n") * 20
    cut = list(documents(text.splitlines(keepends=True), 300))
    assert "".join(cut) == text
    assert all(each.endswith(".\n\n") for each in cut)
