"""While the page is served and a chat runs, the server and its children speak to nobody but this computer.

Every process of the server runs with an audit hook that refuses, and writes down, each look-up of a name and each
connection that is not to loopback. That the hook works is tested first.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import gradio_client
import httpx
import pytest

ROOT = Path(__file__).parents[2]
START_S = 60
HOOK = """
import os, sys
HERE = ("127.", "::1", "localhost", "0.0.0.0", "::")
def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # a path: a socket of this computer
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        host = arguments[1][0] if event == "socket.sendto" else arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host or "127.0.0.1"
    if not str(host).startswith(HERE):
        with open(os.environ["LEAVING"], "a", encoding="utf-8") as file:
            file.write(f"{event} {host}\\n")
        raise ConnectionRefusedError(f"nothing leaves this computer: {host}")
sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path):
    """An environment whose Python processes may not leave this computer, and the file that says who tried."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, "utf-8")
    leaving = tmp_path / "leaving.txt"
    leaving.touch()
    # A proxy of the person who runs the tests would turn every request into one to the proxy.
    env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return env | {"PYTHONPATH": str(tmp_path / "hook"), "LEAVING": str(leaving), "PYTHONUTF8": "1"}, leaving


def test_the_hook_sees_who_tries(watched):
    env, leaving = watched
    code = "import socket; socket.create_connection(('203.0.113.7', 80), timeout=1)"
    assert subprocess.run([sys.executable, "-c", code], env=env, capture_output=True).returncode != 0
    assert "203.0.113.7" in leaving.read_text("utf-8")


def test_nothing_leaves_while_the_page_is_served_and_a_chat_runs(watched, home):
    env, leaving = watched
    log = home / "server.log"
    with log.open("w", encoding="utf-8") as said:
        command = [sys.executable, "app.py", "--home", str(home), "--port", "0"]
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + START_S
        while not (found := re.search(r"http://\S+", log.read_text("utf-8"))):
            assert server.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until
            time.sleep(0.1)
        for path in ("/", "/config", "/gradio_api/info"):
            assert httpx.get(found[0] + path, trust_env=False).status_code == 200
        client = gradio_client.Client(found[0], verbose=False)
        assert client.predict("hello", model="tiny", max_tokens=8, api_name="/chat")
        client.close()
    finally:
        server.terminate()
        server.wait(20)
    assert leaving.read_text("utf-8") == ""
