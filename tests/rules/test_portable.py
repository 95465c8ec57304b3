"""The same code runs on Windows and macOS: no fork, no POSIX shell, no module of one system, no guessed encoding.

What is of one system only stands behind a question for the system (`if sys.platform == "linux":`, `os.name`,
`hasattr(os, ...)`); the walk below knows these and skips what they guard.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "llm_core").rglob("*.py"), ROOT / "app.py"])
POSIX_MODULES = {"resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix", "readline"}
POSIX_CALLS = {
    "os": {"fork", "forkpty", "killpg", "setsid", "getuid", "mkfifo", "sched_getaffinity", "uname", "chown"}
}
TEXT_CALLS = {"open", "read_text", "write_text", "TemporaryFile", "NamedTemporaryFile", "fdopen", "TextIOWrapper"}
ROOTED = ("/tmp", "/etc", "/usr", "/var", "/home", "/opt", "/dev", "C:\\")
QUESTIONS = ("sys.platform", "os.name", "platform.system", "hasattr(os", "hasattr(signal")
# /proc and cgroups are asked only where they are, and absent elsewhere; the addresses of sources are no paths.
ROOTED_ALLOWED = {"llm_core/machine.py", "llm_core/catalog/found.py"}


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those behind a question for the system, and imports that may fail."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If | ast.IfExp) and any(ask in ast.unparse(child.test) for ask in QUESTIONS):
            for other in child.orelse if isinstance(child, ast.If) else []:
                yield from walk(other)
            continue
        if isinstance(child, ast.Try) and any("ImportError" in ast.unparse(h.type or h) for h in child.handlers):
            continue  # goes on without it
        if isinstance(child, ast.With) and "suppress(ImportError)" in ast.unparse(child.items[0]):
            continue
        yield from walk(child)


def faults(source: str) -> list[str]:
    """What of a module would not run, or would run otherwise, on another system."""
    return [f"line {node.lineno}: {found}" for node in walk(ast.parse(source)) for found in fault(node)]  # type: ignore[attr-defined]


def fault(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        yield from (f"import {name}" for name in names if name.partition(".")[0] in POSIX_MODULES)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.startswith(ROOTED) and " " not in node.value:
            yield f"a path of one system: {node.value}"
        if node.value in ("fork", "forkserver"):
            yield "multiprocessing by fork"
    if isinstance(node, ast.Call):
        yield from fault_of_call(node)


def fault_of_call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    module, _, last = name.rpartition(".")
    if last in POSIX_CALLS.get(module, ()):
        yield f"{name}()"
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if isinstance(shell := given.get("shell"), ast.Constant) and shell.value:
        yield "shell=True"
    if last in ("system", "popen") and module == "os":
        yield f"{name}()"
    if is_text(node, module, last) and "encoding" not in given and None not in given and not binary(node, last):
        yield f"{name}() without an encoding"


def is_text(node: ast.Call, module: str, last: str) -> bool:
    """Whether the call opens a file as text, unless it says otherwise; other things can be opened, too."""
    if last != "open" or not module:
        return last in TEXT_CALLS
    if node.args:
        return isinstance(mode := node.args[0], ast.Constant) and str(mode.value) in ("r", "w", "a", "x", "rt", "wt")
    return "path" in module.lower() or "file" in module.lower() or "/" in module


def binary(node: ast.Call, last: str) -> bool:
    """Whether the call opens no text, or says its encoding by its place."""
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    texts = [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    if last in ("read_text", "write_text"):  # the encoding stands first, or second
        return any(text.replace("-", "").startswith(("utf", "ascii", "gb")) for text in texts)
    modes = [text for text in texts if set(text) <= set("rwaxbt+")]
    return any("b" in mode for mode in modes) or (last.endswith("TemporaryFile") and not modes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_of_one_system_only(path: Path) -> None:
    found = faults(path.read_text("utf-8"))
    if path.relative_to(ROOT).as_posix() in ROOTED_ALLOWED:
        found = [each for each in found if "a path of one system" not in each]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl", "from resource import setrlimit", "import os\nos.fork()", "open('a')", "p.read_text()",
        "p.open('w')", "open('a', 'r')", "subprocess.run('ls', shell=True)", "os.system('ls')", "x = '/tmp/a'",
        "get_context('fork')", "if x:\n    import pwd", "p.write_text('words')",
        "path.open()", "(folder / 'a').open()",
    ],
)  # fmt: skip
def test_the_rule_finds(source: str) -> None:
    assert faults(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "open('a', encoding='utf-8')", "open('a', 'rb')", "p.read_text('utf-8')", "p.write_text(x, encoding='utf-8')",
        "if sys.platform == 'linux':\n    import resource", "if os.name == 'posix':\n    x = '/dev/null'",
        "n = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1", "subprocess.run(['ls'])",
        "path.open('rb')", "library.open(name)",
        "try:\n    import readline\nexcept ImportError:\n    pass",
        "with suppress(ImportError):\n    import readline", "say('/ means or')",
    ],
)  # fmt: skip
def test_the_rule_lets_pass(source: str) -> None:
    assert faults(source) == []
