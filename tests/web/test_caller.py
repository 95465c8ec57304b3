"""Whom a limit by address counts: what a visitor writes into a header changes nothing, a proxy's word does."""

from __future__ import annotations

import pytest

from llm_core.errors import UserError
from llm_core.events import Tick
from llm_core.jobs import Jobs
from llm_core.settings import Settings
from llm_core.web.caller import address_of

PEER = "198.51.100.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", PEER),
        (0, "203.0.113.5", PEER),  # nobody declared a proxy: the header is a visitor's own invention
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "8.8.8.8, 203.0.113.5", "203.0.113.5"),
        (2, "8.8.8.8, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", ""),  # it did not come through both
        (1, "", ""),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (1, "nonsense", "nonsense"),
    ],
)
def test_the_address(settings: Settings, proxies: int, forwarded: str, address: str) -> None:
    declared = settings.model_copy(update={"proxies": proxies})
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert address_of(PEER, headers, declared) == address


def test_on_a_space_a_machine_of_the_hosts_own_stands_for_nobody(settings: Settings) -> None:
    space = settings.model_copy(update={"space_id": "a/b", "proxies": 1})
    assert address_of(PEER, {"x-forwarded-for": "10.20.1.7"}, space) == ""
    assert address_of(PEER, {"x-forwarded-for": "10.20.1.7, 93.184.215.14"}, space) == "93.184.215.14"


def endless():
    while True:
        yield Tick()


def test_new_tokens_do_not_get_a_stranger_more_work_done() -> None:
    jobs = Jobs(60, per_address_max=3)
    jobs.address = lambda: "203.0.113.5"
    begun = [jobs.start(endless(), owner=f"token {n}", subject="s", unwatched_s=60, limit_s=60) for n in range(3)]
    with pytest.raises(UserError, match="address_busy"):
        jobs.start(endless(), owner="a new token", subject="s", unwatched_s=60, limit_s=60)
    with pytest.raises(UserError, match="address_busy"):
        jobs.check_room()
    jobs.address = lambda: "198.51.100.7"
    jobs.start(endless(), owner="somebody else", subject="s", unwatched_s=60, limit_s=60)
    jobs.address = lambda: "203.0.113.5"
    begun[0].stop(wait_s=5)
    jobs.check_room()
    jobs.close()


def test_at_this_computer_itself_nobody_is_counted() -> None:
    jobs = Jobs(60, per_address_max=1)
    for n in range(3):
        jobs.start(endless(), owner=f"token {n}", subject="s", unwatched_s=60, limit_s=60)
    jobs.close()
