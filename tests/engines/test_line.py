"""The waiting line: order, places and limits, without any engine."""

from __future__ import annotations

import pytest

from llm_core.engines.line import Line, Ticket
from llm_core.errors import UserError


def stand(line: Line, *visitors: str) -> tuple[list[str], list[Ticket]]:
    """One request with one prompt for each; the first list grows as they get their slots."""
    served: list[str] = []
    tickets = []
    for place, visitor in enumerate(visitors):
        name = f"{visitor}{visitors[:place].count(visitor) + 1}"
        tickets.append(line.enter(visitor).ask(lambda name=name: served.append(name)))
    return served, tickets


def open_line(slots: int = 1, waiting: int = 100, each: int = 100) -> Line:
    return Line(slots, waiting_max=waiting, waiting_per_visitor_max=each)


def test_no_more_are_served_than_there_are_slots() -> None:
    served, tickets = stand(open_line(slots=2), "a", "b", "c")
    assert served == ["a1", "b1"]
    assert [ticket.place for ticket in tickets] == [0, 0, 1]


def test_visitors_take_turns_and_each_keeps_its_order() -> None:
    served, tickets = stand(open_line(), "a", "a", "a", "a", "b", "b", "c")
    while len(served) < len(tickets):
        next(ticket for ticket in tickets if ticket.running).leave()
    assert served == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_places_say_in_which_order_it_will_be() -> None:
    served, tickets = stand(open_line(), "a", "a", "a", "b", "b", "c", "a")
    order = sorted((ticket for ticket in tickets if ticket.place), key=lambda ticket: ticket.place)
    assert [ticket.place for ticket in order] == [1, 2, 3, 4, 5, 6]
    for ticket in order:
        next(each for each in tickets if each.running).leave()
        assert ticket.running
    assert len(served) == len(tickets)


def test_who_must_be_alone_waits_for_all_slots_and_is_not_overtaken() -> None:
    line = open_line(slots=2)
    served, tickets = stand(line, "a")
    alone = line.enter("b").ask(lambda: served.append("b alone"), alone=True)
    behind = [line.enter(name).ask(lambda name=name: served.append(name)) for name in ("c", "d")]
    assert served == ["a1"]
    tickets[0].leave()
    assert served == ["a1", "b alone"]
    alone.leave()
    assert served == ["a1", "b alone", "c", "d"]
    assert [ticket.place for ticket in behind] == [0, 0]


def test_who_leaves_the_line_makes_room() -> None:
    served, tickets = stand(open_line(), "a", "b", "c")
    tickets[1].leave()
    assert tickets[2].place == 1
    tickets[0].leave()
    assert served == ["a1", "c1"]


def test_leaving_twice_frees_one_slot() -> None:
    served, tickets = stand(open_line(), "a", "b", "c")
    tickets[0].leave()
    tickets[0].leave()
    assert served == ["a1", "b1"]


def test_a_listener_may_come_back_at_once() -> None:
    line = open_line()
    served: list[str] = []
    caller = line.enter("a")
    caller.ask(lambda: served.append("first") or caller.ask(lambda: served.append("second")).leave())  # type: ignore[func-returns-value]
    assert served == ["first"]


def test_one_visitor_cannot_fill_the_line() -> None:
    line = open_line(each=2)
    first, _ = line.enter("a"), line.enter("a")
    with pytest.raises(UserError, match="too_busy"):
        line.enter("a")
    line.enter("b")
    first.leave()
    first.leave()
    line.enter("a")
    with pytest.raises(UserError, match="too_busy"):
        line.enter("a")


def test_the_line_has_an_end_for_all_together() -> None:
    line = open_line(slots=1, waiting=2)
    for visitor in ("a", "b", "c"):
        line.enter(visitor)
    with pytest.raises(UserError, match="too_busy"):
        line.enter("d")


def test_who_has_no_name_has_no_limit_of_its_own() -> None:
    line = open_line(each=1)
    line.enter("")
    line.enter("")


def test_visitors_who_are_gone_are_forgotten() -> None:
    line = open_line()
    for number in range(100):
        caller = line.enter(str(number))
        caller.ask(lambda: None).leave()
        caller.leave()
    assert not line._callers
    assert not line._turns
