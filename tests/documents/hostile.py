"""Generated files that are damaged in every way: read each, and say what none of the readers foresaw.

`python -m tests.documents.hostile --count 10000` reads so many, in child processes: whatever brings one down is read
again behind `documents.guard`, as the server reads it, where it must end as an error that a person can be told.
The same number and seed make the same files. `test_hostile.py` reads a few hundred.
"""

from __future__ import annotations

import argparse
import collections
import functools
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from llm_core.documents import guard
from llm_core.documents.formats import format_of
from llm_core.documents.reading import Limits, Reading
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.messages import explain
from llm_core.models import gguf
from llm_core.settings import Settings
from tests.documents.samples import EN, ZH, hollow_pdf, pdf, pixel, word
from tests.tiny_gguf import write_tiny_gguf

ROOT = Path(__file__).parents[2]
SILENCE_S = 30.0  # a child that says nothing for this long over one file is ended
GUARDED_EVERY = 100  # so many-th file goes through the guard in any case
TIGHT = {"document_seconds_max": 20, "document_memory_mib_max": 512, "document_inflated_bytes_max": 40_000_000}
NUMBERS = (b"\xff" * 8, b"\x00" * 8, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"99999999999", b"-1", b"\x00\x01")
BITS_OF_SYNTAX = (
    b"<<", b">>", b"[", b"]" * 50, b"(" * 2000, b"endobj", b"stream", b"0 0 R", b"<w:p>", b"</w:t>", b"<table>" * 300,
    b"<div>" * 3000, b"]]>", b"<!--", b"&#x110000;", b"&amp" * 100, b"```", b"> " * 500, b"|" * 900, b"\xed\xa0\x80",
    b"\x00", b"\xff\xfe", b"\x1b$B", "\u202e".encode(), b"%PDF-", b"PK\x03\x04", b"GGUF",
)  # fmt: skip


class Sample(NamedTuple):
    """One file."""

    kind: str
    name: str
    data: bytes


@functools.cache
def seeds() -> tuple[Sample, ...]:
    """Whole files of every kind, in both languages."""
    paragraphs = "\n\n".join((*EN, *ZH))
    html = f"<!doctype html><html><head><title>x</title></head><body><h1>{EN[0][:40]}</h1>" + "".join(
        f"<p>{text}</p><ul><li>{text[:30]}<b>b</b></li></ul><table><tr><td>1<td>2</table>" for text in (*EN, *ZH)
    )
    marked = "> quoted\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```"
    md = f"# {ZH[0][:12]}\n\n{marked}\n\n{paragraphs}"
    blocks = [("h1", "Sand"), ("text", EN[0]), ("table", "a|b;1|2"), ("page", ""), ("text", EN[1])]
    with tempfile.TemporaryDirectory() as folder:
        weights = write_tiny_gguf(Path(folder) / "tiny.gguf").read_bytes()
    return (
        Sample("txt", "a.txt", paragraphs.encode()),
        Sample("txt", "gb.txt", "\n".join(ZH).encode("gb18030")),
        Sample("txt", "wide.txt", paragraphs.encode("utf-16")),
        Sample("md", "a.md", md.encode()),
        Sample("html", "a.html", html.encode()),
        Sample("docx", "a.docx", word()),
        Sample("docx", "zh.docx", word(chinese=True)),
        Sample("pdf", "a.pdf", pdf(blocks)),
        Sample("pdf", "zh.pdf", pdf([("h1", "港口"), ("text", ZH[0])], chinese=True)),
        Sample("pdf", "hollow.pdf", hollow_pdf(3, b"BT /F 12 Tf 72 700 Td (It stands here.) Tj ET")),
        Sample("pdf", "picture.pdf", pixel()),
        Sample("gguf", "tiny.gguf", weights),
    )  # fmt: skip


def sample(number: int, seed: int) -> Sample:
    """File `number`: a whole one with a few things wrong."""
    chance = random.Random(f"{seed} {number}")
    kind = chance.choice(("txt", "md", "html", "docx", "docx", "pdf", "pdf", "pdf", "gguf", "gguf"))
    whole = chance.choice([each for each in seeds() if each.kind == kind])
    data = whole.data
    if kind == "docx" and chance.random() < 0.8:
        data = _inside_the_archive(data, chance)
    else:
        data = _damaged(data, chance, head=4096 if kind == "gguf" else 0)
    name = whole.name if chance.random() < 0.9 else f"x.{chance.choice(('pdf', 'docx', 'html', 'md', 'txt', 'bin'))}"
    return Sample(kind, whole.name if kind == "gguf" else name, data)


def _damaged(data: bytes, chance: random.Random, head: int = 0) -> bytes:
    """A few damages one after the other; those to a file's head count most where the rest is numbers."""
    for _ in range(chance.randint(1, 6)):
        if not data:
            break
        reach = min(len(data), head) if head and chance.random() < 0.8 else len(data)
        data = chance.choice(DAMAGES)(data, chance.randrange(reach), chance)
    return data


def _flip(data: bytes, place: int, chance: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _cut(data: bytes, place: int, chance: random.Random) -> bytes:
    return data[:place]


def _lose(data: bytes, place: int, chance: random.Random) -> bytes:
    return data[:place] + data[place + chance.randint(1, 200) :]


def _repeat(data: bytes, place: int, chance: random.Random) -> bytes:
    piece = data[place : place + chance.randint(1, 400)]
    return data[:place] + piece * chance.choice((2, 3, 40, 400)) + data[place:]


def _number(data: bytes, place: int, chance: random.Random) -> bytes:
    number = chance.choice(NUMBERS)
    return data[:place] + number + data[place + len(number) :]


def _syntax(data: bytes, place: int, chance: random.Random) -> bytes:
    return data[:place] + chance.choice(BITS_OF_SYNTAX) + data[place:]


def _noise(data: bytes, place: int, chance: random.Random) -> bytes:
    noise = chance.randbytes(chance.randint(1, 64))
    return data[:place] + noise + data[place + len(noise) :]


def _splice(data: bytes, place: int, chance: random.Random) -> bytes:
    other = chance.choice(seeds()).data
    return data[:place] + other[chance.randrange(len(other)) :]


DAMAGES: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (
    _flip, _flip, _cut, _lose, _repeat, _number, _number, _syntax, _syntax, _noise, _splice,
)  # fmt: skip


def _inside_the_archive(data: bytes, chance: random.Random) -> bytes:
    """A Word document whose archive is whole, and one of whose members is not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        members = [name for name in old.namelist() if name.endswith((".xml", ".rels"))]
        wrong = "word/document.xml" if chance.random() < 0.6 else chance.choice(members)
        for name in old.namelist():
            content = old.read(name)
            if name != wrong:
                new.writestr(name, content)
            elif chance.random() < 0.95:
                new.writestr(name, _damaged(content, chance))
    return stream.getvalue()


def read_here(one: Sample, folder: Path) -> str:
    """The outcome in this process: "read", the code of an error, or for a reader of documents what it raised.

    What the GGUF probe raises is not caught: it runs in the server itself.
    """
    try:
        if one.kind == "gguf":
            path = folder / one.name
            path.write_bytes(one.data)
            gguf.read(path)
        else:
            reading = Reading(Limits(inflated_bytes_max=TIGHT["document_inflated_bytes_max"]))
            found = format_of(one.data, one.name)
            found.reader().read(one.data, reading)
            reading.document(one.name, found.name).to_json()
    except UserError as error:
        return error.code
    except (MemoryError, RecursionError):
        return "document_heavy"
    except Exception as error:
        if one.kind == "gguf":
            raise
        return f"document_broken: {type(error).__name__}"
    return "read"


def read_guarded(one: Sample, folder: Path) -> str:
    """The outcome as the server has it; anything but a document or an error with its sentence is raised."""
    path = folder / "uploaded"
    path.write_bytes(one.data)
    try:
        collect(guard.read(path, one.name, Settings(home=folder, offline=True, **TIGHT)))
    except UserError as error:
        assert all(explain(error, language) for language in ("en", "zh"))
        return error.code
    return "read"


def batch(first: int, last: int, seed: int) -> None:
    """Read files one after the other, saying each outcome: the child's part."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, last):
            print(json.dumps([number, read_here(sample(number, seed), Path(folder))]), flush=True)


def survey(
    count: int, seed: int, told: Callable[[str], object] = print
) -> tuple[collections.Counter[str], list[str]]:
    """Outcomes of `count` files by kind, and what is wrong with our own code: nothing, it is to be hoped."""
    outcomes: collections.Counter[str] = collections.Counter()
    faults: list[str] = []
    next_one = 0
    with tempfile.TemporaryDirectory() as folder:
        while next_one < count:
            for number, outcome in _answers(next_one, count, seed):
                outcomes[f"{sample(number, seed).kind} {outcome}"] += 1
                next_one = number + 1
                if number % 1000 == 999:
                    told(f"{number + 1} read")
                if number % GUARDED_EVERY == 0 and sample(number, seed).kind != "gguf":
                    outcomes[f"guarded {read_guarded(sample(number, seed), Path(folder))}"] += 1
            if next_one < count:  # the child fell over this one
                one = sample(next_one, seed)
                if one.kind == "gguf":
                    faults.append(f"{next_one}: the GGUF probe, which runs in the server")
                else:
                    outcome = read_guarded(one, Path(folder))
                    told(f"{next_one} ({one.kind}) brought its process down; behind the guard: {outcome}")
                    outcomes[f"{one.kind} fell, guarded {outcome}"] += 1
                next_one += 1
    return outcomes, faults


def _answers(first: int, last: int, seed: int) -> Iterator[tuple[int, str]]:
    """What one child says, until it ends, falls, or is silent for too long."""
    order = [sys.executable, "-X", "utf8", "-m", "tests.documents.hostile", "--batch", str(first), str(last)]
    child = subprocess.Popen(
        [*order, "--seed", str(seed)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    lines: SimpleQueue[bytes] = SimpleQueue()

    def listen() -> None:
        assert child.stdout is not None
        with child.stdout as said:
            for line in said:
                lines.put(line)
        lines.put(b"")

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        while line := lines.get(timeout=SILENCE_S):
            number, outcome = json.loads(line)
            yield number, outcome
    except Empty:
        pass
    finally:
        child.kill()
        child.wait()
        listener.join()


def main() -> None:
    """Read, then print every outcome with how often it came; exit code 1 where our own code is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.documents.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0, help="other files")
    parser.add_argument("--batch", type=int, nargs=2, metavar=("FIRST", "LAST"), help="the child's part")
    options = parser.parse_args()
    if options.batch:
        batch(*options.batch, options.seed)
        return
    began = time.monotonic()
    outcomes, faults = survey(options.count, options.seed, lambda line: print(line, file=sys.stderr, flush=True))
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:6}  {outcome}")
    print(f"{options.count} files in {time.monotonic() - began:.0f} s, faults: {len(faults)}", *faults, sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
