"""The waiting line in front of an engine's slots: fair turns between visitors, and everybody's place known.

Visitors take turns; the requests of one visitor keep their order. An engine's own queue knows neither visitors nor
places, and cannot be left, so no more requests than there are slots ever reach it. Knows nothing of models.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from llm_core.errors import UserError


class Line:
    """Slots, who has them, and who waits. Safe for threads."""

    def __init__(self, slots: int, waiting_max: int, waiting_per_visitor_max: int) -> None:
        """Limits count requests, not the prompts in them; a visitor without a name "" has no limit of its own."""
        self.slots = slots
        self._waiting_max = waiting_max
        self._per_visitor_max = waiting_per_visitor_max
        self._lock = threading.RLock()  # a forgotten request may be swept up, and so leave, in the midst of this
        self._callers: Counter[str] = Counter()
        self._turns: dict[str, list[Ticket]] = {}  # in the order in which visitors take their turns
        self._running = 0

    def enter(self, visitor: str) -> Caller:
        """Come in with one request, however many prompts it has.

        Raises:
            UserError: `too_busy`, because this visitor or all together have too many requests here.
        """
        with self._lock:
            crowded = self._callers.total() >= self._waiting_max + self.slots
            if crowded or (visitor and self._callers[visitor] >= self._per_visitor_max):
                raise UserError("too_busy", waiting=self._callers.total())
            self._callers[visitor] += 1
        return Caller(self, visitor)

    def _ask(self, visitor: str, granted: Callable[[], None], slots: int) -> Ticket:
        ticket = Ticket(self, visitor, granted, slots)
        with self._lock:
            self._turns.setdefault(visitor, []).append(ticket)
            ready = self._next_turns()
        _tell(ready)
        return ticket

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            ticket.gone = True
            waiting = self._turns.get(ticket.visitor, [])
            if ticket in waiting:
                waiting.remove(ticket)
                if not waiting:
                    del self._turns[ticket.visitor]
            elif ticket.running:
                ticket.running = False
                self._running -= ticket.slots
            ready = self._next_turns()
        _tell(ready)

    def _next_turns(self) -> list[Ticket]:
        """Give the free slots away: the first ticket of the first visitor, who then goes to the end.

        A ticket that needs more slots than are free holds up those behind it, or it would never get its turn.
        """
        ready = []
        while self._turns:
            visitor, waiting = next(iter(self._turns.items()))
            ticket = waiting[0]
            if self._running + ticket.slots > self.slots and not ticket.gone:
                break
            del self._turns[visitor], waiting[0]
            if waiting:
                self._turns[visitor] = waiting
            if not ticket.gone:
                ticket.running = True
                self._running += ticket.slots
                ready.append(ticket)
        return ready

    def _place(self, ticket: Ticket) -> int:
        with self._lock:
            visitors = list(self._turns)
            if ticket.running or ticket.visitor not in visitors:
                return 0
            mine = visitors.index(ticket.visitor)
            rounds = self._turns[ticket.visitor].index(ticket)
            others = [visitor for visitor in visitors if visitor != ticket.visitor]
            before = (min(len(self._turns[each]), rounds + (visitors.index(each) < mine)) for each in others)
            return rounds + sum(before) + 1


class Caller:
    """One request in the line; it may ask for several slots, one for each prompt."""

    def __init__(self, line: Line, visitor: str) -> None:
        self._line = line
        self.visitor = visitor
        self._here = True

    def ask(self, granted: Callable[[], None], *, alone: bool = False) -> Ticket:
        """Stand in line for a slot, or `alone` for all of them.

        `granted` is called, in any thread, once it is there; it must not block.
        """
        return self._line._ask(self.visitor, granted, self._line.slots if alone else 1)

    def leave(self) -> None:
        """The request is over; its tickets leave by themselves. Twice does no harm."""
        with self._line._lock:
            if self._here:
                self._here = False
                self._line._callers[self.visitor] -= 1
                self._line._callers += Counter()  # drops the names of visitors who are gone


class Ticket:
    """One place in the line, then one slot, until it leaves."""

    def __init__(self, line: Line, visitor: str, granted: Callable[[], None], slots: int) -> None:
        self._line = line
        self.visitor = visitor
        self.granted = granted
        self.slots = slots
        self.running = False
        self.gone = False

    @property
    def place(self) -> int:
        """1 is next; 0 has its slot."""
        return self._line._place(self)

    def leave(self) -> None:
        """Give the slot or the place back. Twice does no harm."""
        self._line._leave(self)


def _tell(tickets: list[Ticket]) -> None:
    """Outside the lock, because a listener may come back to the line at once."""
    for ticket in tickets:
        ticket.granted()
