"""A job lives on without its watchers, says everything again to whoever comes later, and stops when told."""

import contextlib
import threading

import pytest

from llm_core.errors import UserError
from llm_core.events import Delta, Done, Events, Tick
from llm_core.jobs import Job, Jobs

WAIT_S = 10


def start(events: Events, *, unwatched_s: float = 60, limit_s: float = 60) -> Job:
    return Job(events, owner="ada", subject="talk", unwatched_s=unwatched_s, limit_s=limit_s)


def counting(upto: int) -> Events:
    for n in range(upto):
        yield Delta(str(n))
    yield Done(upto)


class Endless:
    """A task that ticks until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def events(self) -> Events:
        try:
            yield Delta("begun")
            while True:
                self.closed.wait(0.01)
                yield Tick()
        finally:
            self.closed.set()


def heard(job: Job, after: int = 0) -> list[object]:
    return [event for _, event in job.watch(after) if not isinstance(event, Tick)]


def test_everybody_hears_the_same_events_whenever_they_come():
    job = start(counting(5))
    assert heard(job) == [*(Delta(str(n)) for n in range(5)), Done(5)]
    assert heard(job) == heard(job)
    assert heard(job, after=4) == [Delta("4"), Done(5)]


def test_leaving_is_not_a_stop():
    task = Endless()
    job = start(task.events())
    watching = job.watch()
    assert next(watching) == (1, Delta("begun"))
    watching.close()
    assert not task.closed.wait(0.3)
    assert not job.done
    job.stop(wait_s=WAIT_S)
    assert job.done


def test_stop_closes_the_task():
    task = Endless()
    job = start(task.events())
    job.stop(wait_s=WAIT_S)
    assert task.closed.is_set()
    assert job.error is None


def test_a_task_left_alone_too_long_ends_by_itself():
    task = Endless()
    start(task.events(), unwatched_s=0.05)
    assert task.closed.wait(WAIT_S)


def test_a_task_that_takes_too_long_ends_even_while_watched():
    task = Endless()
    job = start(task.events(), limit_s=0.2)
    assert heard(job) == [Delta("begun")]
    assert task.closed.is_set()


def test_what_ended_the_task_reaches_every_watcher_after_its_events():
    def failing() -> Events:
        yield Delta("half")
        raise UserError("text_empty")

    job = start(failing())
    for _ in range(2):
        got: list[object] = []
        with pytest.raises(UserError, match="text_empty"):
            got.extend(event for _, event in job.watch())
        assert job.done


def test_a_bug_becomes_a_sentence_with_a_number_and_a_traceback_in_the_log(caplog):
    def buggy() -> Events:
        yield Delta("half")
        raise ZeroDivisionError

    job = start(buggy())
    with pytest.raises(UserError) as caught:
        list(job.watch())
    assert caught.value.code == "unexpected"
    assert caught.value.facts["number"] in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_jobs_are_found_by_their_owner_alone():
    jobs = Jobs(kept_s=60)
    task = Endless()
    job = jobs.start(task.events(), owner="ada", subject="talk", unwatched_s=60, limit_s=60)
    assert jobs.running("ada", "talk") is job
    assert jobs.running("bob", "talk") is None
    jobs.stop("bob", "talk")
    assert not job.done
    jobs.stop("ada", "talk")
    assert job.done
    assert jobs.running("ada", "talk") is None


def test_finished_jobs_are_let_go():
    jobs = Jobs(kept_s=0)
    for n in range(20):
        job = jobs.start(counting(1), owner="ada", subject=str(n), unwatched_s=60, limit_s=60)
        list(job.watch())
    assert len(list(jobs)) <= 2


def test_a_job_that_ended_before_anybody_looked_is_still_the_latest() -> None:
    def quick() -> Events:
        yield Done("read")

    with contextlib.closing(Jobs(kept_s=60)) as jobs:
        job = jobs.start(quick(), owner="ada", subject="files", unwatched_s=5, limit_s=5)
        assert [event for _, event in job.watch()] == [Done("read")]
        assert jobs.running("ada", "files") is None
        assert jobs.latest("ada", "files") is job
        assert jobs.latest("bob", "files") is None
