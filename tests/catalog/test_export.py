"""A model taken elsewhere is the same model there: zip, folder, Modelfile, the Hub, vLLM."""

from __future__ import annotations

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from llm_core.catalog import export
from llm_core.catalog.bundled import FOLDER
from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.workbench.exports import Exports

MODEL = "decoder-zh-en"
HERE = FOLDER / MODEL


def test_a_zip_grows_while_it_is_sent_and_holds_the_model() -> None:
    pieces = list(export.zipped(HERE, MODEL))
    assert max(map(len, pieces)) < 2_000_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        for path in export.files(HERE):
            assert archive.read(f"{MODEL}/{path.name}") == path.read_bytes()
        assert "CC BY-SA" in archive.read(f"{MODEL}/README.md").decode()


def test_a_folder_is_written_once_and_never_over_something(tmp_path: Path, settings: Settings) -> None:
    out = export.copied(HERE, tmp_path / "写出 here")
    assert (out / "model.safetensors").read_bytes() == (HERE / "model.safetensors").read_bytes()
    with pytest.raises(UserError, match="export_exists"):
        export.copied(HERE, out)


def test_vllm_is_asked_only_for_what_it_knows(settings: Settings, tmp_path: Path) -> None:
    exports = Exports(settings)
    assert exports.vllm("", MODEL).startswith(f"vllm serve {HERE} --served-model-name {MODEL} --max-model-len 256")
    elsewhere = Exports(settings.model_copy(update={"host": "0.0.0.0"}))
    assert elsewhere.vllm("x", MODEL).startswith(f"vllm serve ./{MODEL} ")
    (tmp_path / "config.json").write_text('{"model_type": "wb_lstm"}', "utf-8")
    with pytest.raises(UserError, match="export_not_vllm"):
        export.vllm_command(tmp_path, "m", "m")


@pytest.mark.parametrize("name", ["../decoder-zh-en", "nobody", "a/b", str(HERE)])
def test_no_name_leads_elsewhere(name: str, settings: Settings) -> None:
    with pytest.raises(UserError, match="model_unknown"):
        next(Exports(settings).zip("", name))


class Hub(BaseHTTPRequestHandler):
    """A hub on loopback that takes files within the commit, from who has the right token."""

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        said = self.body()
        server: Any = self.server
        server.asked.append(self.path)
        if self.headers.get("Authorization") != "Bearer right":
            self.answer(401, {"error": "Invalid token"})
        elif self.path == "/api/repos/create":
            server.made = json.loads(said)
            self.answer(200, {"url": f"{server.url}/me/m", "name": "me/m", "id": "me/m"})
        elif self.path == "/api/validate-yaml":
            self.answer(200, {"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = [
                {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                for each in json.loads(said)["files"]
            ]
            self.answer(200, {"files": files})
        else:
            for line in map(json.loads, said.splitlines()):
                if line["key"] == "file":
                    server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self.answer(200, {"commitUrl": f"{server.url}/me/m/commit/1", "commitOid": "1", "success": True})

    def body(self) -> bytes:
        """What was sent, in chunks or in one piece."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = b""
        while size := int(self.rfile.readline(), 16):
            said += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return said

    def answer(self, code: int, entries: dict[str, Any]) -> None:
        content = json.dumps(entries).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def hub() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.url, server.files, server.asked, server.made = f"http://127.0.0.1:{server.server_port}", {}, [], None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_hub_gets_every_file_and_a_page(hub: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    online = settings.model_copy(update={"offline": False, "hub_endpoint": hub.url})
    assert Exports(online).push("", MODEL, "me/m", "right") == f"{hub.url}/me/m"
    assert hub.made["visibility"] == "private"
    assert hub.files.keys() == {path.name for path in export.files(HERE)} | {"README.md"}
    assert hub.files["model.safetensors"] == (HERE / "model.safetensors").read_bytes()
    with pytest.raises(UserError, match="hub_refused") as refused:
        Exports(online).push("", MODEL, "me/m", "wrong-token")
    assert "wrong-token" not in str(refused.value.facts)
    with pytest.raises(UserError, match="offline"):
        Exports(settings).push("", MODEL, "me/m", "right")
