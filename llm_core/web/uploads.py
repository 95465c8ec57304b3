"""How much was uploaded from each network address in the last day, after which Gradio deletes what nobody took."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

KEPT_S = 86_400.0
ADDRESSES_MAX = 10_000  # the one that uploaded longest ago goes first
UPLOADS_MAX = 10_000  # of one address


class Uploads:
    """The count.

    Args:
        bytes_max: of one address in a day.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._sent: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, address: str, length: int) -> bool:
        """Whether so many bytes more may come from there; if so, they are counted."""
        now = time.monotonic()
        with self._lock:
            sent = self._sent.setdefault(address, deque())
            self._sent.move_to_end(address)
            while sent and now - sent[0][0] > KEPT_S:
                sent.popleft()
            if len(self._sent) > ADDRESSES_MAX:
                self._sent.popitem(last=False)
            if len(sent) >= UPLOADS_MAX or sum(size for _, size in sent) + length > self._bytes_max:
                return False
            sent.append((now, length))
            return True
