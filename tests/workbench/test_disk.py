"""What the visitors of one address keep is limited together: a new token gets nobody more of the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.jobs import Job
from llm_core.messages import LANGUAGES, explain
from llm_core.settings import Settings
from llm_core.web.uploads import Uploads
from llm_core.workbench import Workbench
from llm_core.workbench.disk import LEAST_BYTES, Disk

LIMIT = 400_000


@pytest.fixture
def server(home_with_encoder: Path) -> Iterator[Workbench]:
    settings = Settings(home=home_with_encoder, offline=True, host="0.0.0.0", disk_per_address_bytes_max=LIMIT)
    with Workbench(settings) as workbench:
        workbench.jobs.address = lambda: "203.0.113.5"
        yield workbench


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("The ferry leaves at nine. " * 12_000, "utf-8")  # 312 kB
    return path


def test_a_new_token_gets_no_new_disk(server: Workbench, big: Path) -> None:
    server.translations.start("anna", (big, "notes.txt")).stop(wait_s=60)
    assert server.translations.kept_bytes("anna") > 300_000
    texts = [(f"it was good {n} " * 900, "a") for n in range(8)] + [(f"it was bad {n} " * 900, "b") for n in range(8)]
    for write in (
        lambda: server.libraries.add("new", [(big, "notes.txt")]),
        lambda: server.attachments.add("new", "c", [(big, "notes.txt")], done=lambda path: None),
        lambda: server.translations.start("new", (big, "notes.txt")),
        lambda: server.chats.import_json("new", b"x" * 200_000),
        lambda: server.analyses.learn("new", "mine", texts),
        lambda: server.runs.start("new", server.runs.plan("new", texts=[big], family="ngram")),
    ):
        with pytest.raises(UserError) as refused:
            write()
        assert refused.value.code == "address_disk"
        assert all("400" in explain(refused.value, language) for language in LANGUAGES)
    server.translations.forget("anna")
    server.libraries._intake.check_room("new", [(big, "notes.txt")])


def test_other_addresses_and_this_computer_itself_are_not_held_back(server: Workbench, big: Path) -> None:
    server.translations.start("anna", (big, "notes.txt")).stop(wait_s=60)
    for address in ("198.51.100.7", ""):
        server.jobs.address = lambda address=address: address  # type: ignore[misc]
        server.libraries._intake.check_room("new", [(big, "notes.txt")])


def test_all_that_is_kept_counts(server: Workbench, tmp_path: Path) -> None:
    small = tmp_path / "small.txt"
    small.write_text("The ferry leaves at nine.", "utf-8")
    job: Job = server.libraries.add("anna", [(small, "small.txt")])
    for _ in job.watch():
        pass
    assert len(server.libraries.documents("anna")) == 1 and server.libraries.kept_bytes("anna") > 25
    name = server.chats.create("anna").id
    server.chats.send("anna", name, "Grüße" * 100, head=None).stop(wait_s=60)
    assert server.chats.kept_bytes("anna") >= 700


def test_small_things_of_many_tokens_add_up() -> None:
    kept: dict[str, int] = {}
    disk = Disk(lambda: "203.0.113.5", lambda owner: kept.get(owner, 0), LEAST_BYTES * 3)
    for n in range(3):
        disk.check(f"token {n}", 10)
        kept[f"token {n}"] = 10
    with pytest.raises(UserError, match="address_disk"):
        disk.check("one more", 10)
    kept.pop("token 0")  # deleted
    disk.check("one more", 10)


def test_uploads_are_counted_whether_or_not_anything_is_made_of_them() -> None:
    uploads = Uploads(100)
    assert uploads.may("203.0.113.5", 60) and uploads.may("203.0.113.5", 40)
    assert not uploads.may("203.0.113.5", 1) and uploads.may("198.51.100.7", 100)
