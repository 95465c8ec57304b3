"""The page is built without what is heavy, in both languages, from one table of tabs.

In a process of its own: Gradio leaves event loops behind, which this suite takes for errors.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from llm_core.messages import table
from llm_core.web.page import FIRST, TABS

LOOK = """
import json, sys
from llm_core.settings import Settings
from llm_core.web import build, i18n
from llm_core.workbench import Workbench
page = build(Workbench(Settings(home=sys.argv[1], offline=True)))
print(json.dumps({
    "heavy": sorted({"torch", "transformers", "matplotlib", "xllamacpp"} & set(sys.modules)),
    "labels": i18n.translations().translations_dict,
    "public": [fn.api_name for fn in page.fns.values() if fn.api_visibility != "private"],
}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    command = [sys.executable, "-c", LOOK, str(tmp_path_factory.mktemp("home"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_heavy_is_loaded(built: Any) -> None:
    assert built["heavy"] == []


def test_labels_go_to_the_browser_in_both_languages(built: Any) -> None:
    assert built["labels"]["en"].keys() == built["labels"]["zh-CN"].keys()
    assert {"page_tab_train", "chat_send"} <= built["labels"]["en"].keys()


def test_events_of_the_page_are_private(built: Any) -> None:
    published = {"chat", "summarize", "translate", "translate_sentences", "ask", "embed", "train", "runs"}  # by name
    published |= {"analyze", "read", "own_labels"}
    assert set(built["public"]) == published


def test_every_tab_has_a_label_and_one_is_first() -> None:
    assert FIRST in {tab.name for tab in TABS}
    assert all(f"page.tab_{tab.name}" in table() for tab in TABS)
