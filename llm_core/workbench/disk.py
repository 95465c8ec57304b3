"""What the visitors of one network address keep on this disk together, and whether they may keep more.

A visitor's token costs nothing, so that limits by visitor alone hold nobody back. Which visitors came from which
address is known in memory alone, and forgotten when the server ends: it is nobody's business on a disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from llm_core.errors import UserError

ADDRESSES_MAX = 10_000  # the one that kept something longest ago goes first
LEAST_BYTES = 100_000  # that a visitor who keeps anything is counted with: so many small ones cost time to count

MayKeep = Callable[[str, int], None]  # the visitor's token, and how many bytes are to come; raises `address_disk`


class Disk:
    """The count.

    Args:
        address: says which network address somebody asks from; empty for this computer itself, which has no limit.
        used: how many bytes are kept of a visitor.
        bytes_max: of all visitors of one address.
    """

    def __init__(self, address: Callable[[], str], used: Callable[[str], int], bytes_max: int) -> None:
        self._address = address
        self._used = used
        self._bytes_max = bytes_max
        self._visitors: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, owner: str, more: int) -> None:
        """Whether `more` bytes of the visitor's may be kept. To be asked in the thread of the request.

        Raises:
            UserError: `address_disk`.
        """
        if not (address := self._address()):
            return
        with self._lock:
            known = {*self._visitors.get(address, ()), owner}
        used = {visitor: kept for visitor in known if (kept := self._used(visitor))}
        with self._lock:
            self._visitors[address] = {*used, owner}
            self._visitors.move_to_end(address)
            while len(self._visitors) > ADDRESSES_MAX:
                self._visitors.popitem(last=False)
        total = sum(max(kept, LEAST_BYTES) for kept in used.values())
        if total + more > self._bytes_max:
            raise UserError("address_disk", used=total, limit=self._bytes_max)


def anything(owner: str, more: int) -> None:
    """There is no limit."""


def bytes_of(paths: Iterable[Path]) -> int:
    """Size of files that are about to be read."""
    return sum(path.stat().st_size for path in paths if path.is_file())
