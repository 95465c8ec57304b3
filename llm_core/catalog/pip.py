"""Run pip as a child, with the user's own index, mirror, proxy and certificate settings.

pip is the one program that knows where this machine's packages come from; so no address of an index stands in our
code. Only `download` and `index` are called: nothing is installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from llm_core.catalog.source import SourceFailed

LOG = "pip.log"
LOG_READ_BYTES = 20_000
NO_SPACE = ("No space left on device", "Errno 28", "Disk quota exceeded")
NOT_HELD = ("No matching distribution found", "Could not find a version")
OTHER_HASH = ("DO NOT MATCH THE HASHES",)


class Pip:
    """One pip at work. It writes its files for a moment into `scratch`, which is the caller's to delete."""

    def __init__(self, arguments: Sequence[str], scratch: Path) -> None:
        self._log = scratch / LOG
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command(), *arguments, "--no-input", "--disable-pip-version-check"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(scratch),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )

    def poll(self) -> int | None:
        """The exit status, None while it works."""
        return self._process.poll()

    def said(self) -> str:
        """The end of what it printed."""
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - LOG_READ_BYTES))
            return log.read().decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def command() -> list[str]:
    """How pip is called here: the environment's own, else the one that Python carries for `ensurepip`, not installed.

    Raises:
        SourceFailed: `pip_missing`, there is neither.
    """
    python = [sys.executable, "-P"]  # -P: a folder called pip in the current one is not what is meant
    if importlib.util.find_spec("pip") is not None:
        return [*python, "-m", "pip"]
    wheels = [wheel for folder in _bundles() for wheel in sorted(folder.glob("pip-*.whl"))]
    if not wheels:
        raise SourceFailed("neither pip nor ensurepip's wheel of it is here", code="pip_missing")
    return [*python, str(wheels[-1] / "pip")]  # pip can be run out of its own wheel


def _bundles() -> list[Path]:
    """Where Python, or the system that packaged it, keeps the wheel of pip that `ensurepip` would install."""
    found = importlib.util.find_spec("ensurepip")  # Debian leaves it out
    folders = [Path(found.origin).parent / "_bundled"] if found and found.origin else []
    packaged = sysconfig.get_config_var("WHEEL_PKG_DIR")
    return folders + ([Path(packaged)] if packaged else [])


def failure(said: str) -> SourceFailed:
    """Why pip failed, from what it printed (it prints English only)."""
    why = "pip: " + " | ".join([line for line in said.splitlines() if "ERROR" in line][-3:])
    if any(text in said for text in OTHER_HASH):
        # Before pip 25 a download that broke off counts as whole, and is found out by its hash.
        return SourceFailed(why, again=True, code="hash_wrong")
    # pip also says "no matching distribution" when it reached no index at all.
    return SourceFailed(why, again=not any(text in said for text in NOT_HELD))


def _environment(scratch: Path) -> dict[str, str]:
    changed = {
        "PYTHONUTF8": "1",
        "PIP_REQUIRE_VIRTUALENV": "0",  # that guards against installing, and nothing is installed
        "PIP_NO_COLOR": "1",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),  # on the disk whose room was checked
    }
    return {**os.environ, **changed}
