"""The models of this workbench: which are here, which one serves a task, and the one that is being fetched."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator as Generating
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from llm_core.catalog import choose, fetch, listing, verify
from llm_core.catalog.bundled import TRANSLATING
from llm_core.catalog.choose import Choice
from llm_core.catalog.listing import Entry
from llm_core.catalog.local import SUFFIX
from llm_core.engines import device
from llm_core.engines.base import Generator, Scorer, Translator
from llm_core.engines.device import Place
from llm_core.engines.llama_look import Looking
from llm_core.engines.pool import Pool
from llm_core.errors import UserError
from llm_core.events import Event, Events, Progress
from llm_core.jobs import Job, Jobs
from llm_core.models import served
from llm_core.settings import Settings
from llm_core.workbench.fetching import FetchMeter, FetchState
from llm_core.workbench.supply import Supply

SERVER = "server"  # owner of jobs that belong to no visitor
STEP_S = 0.1
NEVER = float("inf")


class Models:
    """The catalog, the engines and at most one fetch under way.

    Args:
        settings: of this workbench.
        pool: the engines.
        jobs: where the fetch runs.
    """

    def __init__(self, settings: Settings, pool: Pool, jobs: Jobs) -> None:
        self._settings = settings
        self._pool = pool
        self._jobs = jobs
        self._job: Job | None = None
        self._meter: FetchMeter | None = None
        self.supply = Supply(settings)

    def listing(self, owner: str = "") -> list[Entry]:
        """Every model that is here or can be had for this visitor, recommended ones first."""
        named = self._named()
        return listing.entries(self._settings, [named.path] if named and named.path else [], owner=owner)

    def choice(self, task: str, name: str | None = None, owner: str = "") -> Choice:
        """The model that serves `task`, and why.

        Args:
            task: such as "chat" or "translate".
            name: an id, the beginning of one, or a task's name. Never a path: the name may come from a visitor,
                and only the settings, which are this computer's owner's, may point into its disk.
            owner: the visitor, whose own runs can be named.

        Raises:
            UserError: `model_unknown`, `model_ambiguous`, or what is wrong with the file.
        """
        if name and (any(mark in name for mark in "/\\:") or name.lower().endswith(SUFFIX)):
            raise UserError("model_unknown", name=name[:80], nearest=", ".join(e.id for e in self.listing(owner)[:3]))
        if name and (named := self._named()) and named.id == name:
            name = None
        choice = choose.choose(task, self._settings, name, owner=owner)
        fits = task == TRANSLATING and choice.entry.translates
        if choice.entry.problem and choice.entry.problem.code == "model_not_writing" and not fits:
            raise choice.entry.problem
        return choice

    def ready(
        self, task: str, name: str | None = None, owner: str = "", *, mask: bool | None = None
    ) -> Generating[Event, None, tuple[Entry, Generator]]:
        """Wait until the model for `task` is here, and return it with its engine; for `mask` see `engine`.

        Yields:
            Progress("waiting_for_model") in bytes while it is being fetched.

        Raises:
            UserError: `model_unknown`, `model_missing`, or what ended the fetch.
        """
        entry = yield from self.here(task, name, owner)
        return entry, self.engine(entry, mask=mask)

    def here(self, task: str, name: str | None = None, owner: str = "") -> Generating[Event, None, Entry]:
        """As `ready`, for callers that open the engine themselves."""
        entry = self.choice(task, name, owner).entry
        if entry.path is None:
            yield from self._fetched(entry)
            entry = self.choice(task, name, owner).entry
        if entry.path is None:
            raise UserError("model_missing", name=entry.id)
        return entry

    def on_processor(self) -> Entry | None:
        """The model here that chats and needs no GPU; None where there is none."""
        return next((entry for entry in self.listing() if entry.usable and entry.format == "gguf"), None)

    def engine(self, entry: Entry, *, mask: bool | None = None) -> Generator:
        """The engine of a model that is here.

        Args:
            entry: the model.
            mask: whether to mask personal data in what leaves this computer; None as the settings say.
        """
        assert entry.path is not None
        engine = self._pool.generator(entry.id, entry.path, entry.format)
        if entry.served is None or entry.served.is_here or not (self._settings.remote_mask if mask is None else mask):
            return engine
        from llm_core.workbench.masked import Masked

        return Masked(engine)

    def translator(self, entry: Entry) -> Translator:
        """The engine of a model that translates and does nothing else."""
        assert entry.path is not None
        return self._pool.translator(entry.id, entry.path)

    def place(self, entry: Entry) -> Place | None:
        """The engine and the device that it runs on; None for one that is elsewhere."""
        if entry.served:
            return None
        from llm_core.workbench.doctor import place_of

        return place_of(entry, self._settings, device.facts())

    def build_for_card(self) -> str:
        """The line that installs a llama.cpp for this computer's NVIDIA card; "" where nothing is missing."""
        facts = device.facts()
        missing = facts.accelerator and facts.accelerator.kind == "cuda" and not facts.binding_can
        return device.CUDA_BINDING if missing else ""

    # ---------------------------------------------------------------- servers

    def may_enter_servers(self) -> bool:
        """Whether the page may add servers."""
        return served.may_enter(self._settings)

    def enter_server(self, url: str, model: str, key: str) -> str:
        """Add a model on a server, which is asked whether it has it; returns the id to pick it by.

        Raises:
            UserError: `server_url`, `server_text`, `server_not_here`, `servers_full`, `server_unreachable`,
                `server_key`, `server_strange`, `server_lacks_model`.
        """
        if not self.may_enter_servers():
            raise UserError("server_not_here")
        from llm_core.engines.served import recognised

        found = recognised(served.checked(url, model, key))
        self._pool.forget(found.id)  # it may have another key now
        served.enter(found, self._settings)
        return found.id

    def forget_server(self, name: str) -> None:
        """Let go of a server that was added on the page, and of its key.

        Raises:
            UserError: `server_not_here`, `disk_full`.
        """
        served.forget(name, self._settings)
        self._pool.forget(name)

    def scorer(self, entry: Entry) -> Scorer:
        """Says how likely a model that is here finds a text; the same open copy that writes.

        Raises:
            UserError: what is wrong with the file; `model_not_writing` for one that says nothing of running text.
        """
        assert entry.path is not None
        if entry.problem:
            raise entry.problem
        return self._pool.generator(entry.id, entry.path, entry.format)

    def looking(self, entry: Entry, visitor: str) -> AbstractContextManager[Looking]:
        """A turn to look at what a GGUF file that is here expects after some tokens; waits until it is open."""
        assert entry.path is not None
        engine = self._pool.generator(entry.id, entry.path, entry.format)
        if not engine.looks:  # it computes on a card: a second copy looks
            engine = self._pool.generator(entry.id, entry.path, "llama.cpp")
        return engine.looking(visitor=visitor)

    # ---------------------------------------------------------------- fetching

    def fetching(self) -> FetchState | None:
        """The fetch under way, or how the last one ended; None where there was none."""
        return self._meter.state if self._meter else None

    def start_recommended(self) -> None:
        """On the first start: fetch the recommended model, unless one is here or the person once said no."""
        if self._declined.exists() or (choice := self.choice("chat")).entry.path is not None:
            return
        if not self._settings.offline or any(self.supply.at_hand(entry) for entry in choice.to_fetch):
            self.start_fetch("recommended")

    def start_fetch(self, name: str = "recommended") -> Job:
        """Fetch a model in the background.

        Raises:
            UserError: `fetch_busy` while another one is being fetched, `model_unknown`, `offline`.
        """
        wanted = self._wanted(name)
        if self._job and self._meter and not self._job.done:
            if self._meter.state.id in (entry.id for entry in wanted):
                return self._job
            raise UserError("fetch_busy", name=self._meter.state.id)
        self._declined.unlink(missing_ok=True)
        self._meter = FetchMeter(wanted)
        self._job = self._jobs.start(
            self._meter.follow(self.fetch(name)),
            owner=SERVER,
            subject=f"fetch {wanted[0].id}",
            unwatched_s=NEVER,
            limit_s=NEVER,
        )
        return self._job

    def cancel_fetch(self) -> None:
        """Stop fetching. What has come stays, and the next start does not begin again by itself."""
        if self._job and not self._job.done:
            self._declined.parent.mkdir(parents=True, exist_ok=True)
            self._declined.touch()
            self._job.stop(wait_s=5)

    def fetch(self, name: str = "recommended") -> Events:
        """Fetch a model here and now; a damaged copy is mended. For "recommended" the next best may be taken.

        Args:
            name: an id of the list, or OWNER/NAME of the Hub, with :VARIANT where it has several files.
        """
        if self.supply.is_outside(name):
            return self.supply.fetch(name)
        entry, *instead = self._wanted(name)
        return fetch.fetch(entry, self._settings, instead)

    def find(self, name: str) -> Entry:
        """The model called `name`; "recommended" or a task's name is the one that suits this machine."""
        return choose.find(name, self._settings)

    def remove(self, name: str) -> int:
        """Delete the model's file, and close it where it is open; says how many bytes became free.

        A model of another program is only used no longer: its file stays.
        """
        entry = self.find(name)
        self._pool.forget(entry.id)
        return verify.remove(entry, self._settings)

    def _fetched(self, entry: Entry) -> Events:
        """Wait for the fetch under way, if it brings `entry` or what is taken instead of it.

        Raises:
            UserError: `model_missing`, or what ended the fetch.
        """
        meter = self._meter
        if meter is None or entry.id not in meter.wanted:
            raise UserError("model_missing", name=entry.id)
        while (state := meter.state).state == "running":
            yield Progress("waiting_for_model", state.done, state.total, "bytes")
            time.sleep(STEP_S)
        if state.error:
            raise state.error

    def _named(self) -> Entry | None:
        """The model that the settings name, which may be a file elsewhere; visitors know it by its id."""
        with contextlib.suppress(UserError):
            return choose.choose("chat", self._settings).entry if self._settings.model else None
        return None

    def _wanted(self, name: str) -> Sequence[Entry]:
        if name == "recommended":
            return choose.to_fetch("chat", self._settings)
        return (self.supply.wanted(name) or self.find(name),)

    @property
    def _declined(self) -> Path:
        return self._settings.paths.downloads / "declined"
