"""What the documents say is true: every setting, every command, every file of the tree."""

import re
from pathlib import Path

from llm_core.settings import Settings, reference

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def test_every_setting_is_documented_as_it_is():
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert reference() in page, "replace the table: python -c 'import llm_core.settings as s; print(s.reference())'"


def test_every_limit_has_its_unit_in_its_name():
    units = ("_s", "_max", "_min_mib", "_mib", "_tokens", "_bytes_max", "_chars_max")
    plain = {
        "home",
        "offline",
        "hub_endpoint",
        "host",
        "port",
        "api_key",
        "model",
        "threads",
        "slots",
        "fetch_parallel",
        "remote_parallel",
        "remote_retries",
        "proxies",
    }
    numbers = [name for name, field in Settings.model_fields.items() if field.annotation in (int, float)]
    assert [name for name in numbers if name not in plain and not name.endswith(units)] == []


def tree(readme: Path) -> list[str]:
    """Paths of the file tree in a README: a code block whose lines are `path  what it is`."""
    block = re.search(r"```tree\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    assert block, "a ```tree block"
    return [line.split()[0] for line in block[1].splitlines() if line.strip()]


def test_the_tree_in_the_readme_is_the_tree():
    for readme in READMES:
        listed = tree(readme)
        assert [name for name in listed if not (ROOT / name).exists()] == []
        rooms = {f"llm_core/{p.name}" + ("/" if p.is_dir() else "") for p in (ROOT / "llm_core").iterdir()}
        hidden = {name for name in rooms if "/_" in name or name.endswith(".pyi") or "__pycache__" in name}
        assert rooms - hidden - set(listed) == set(), "a room that the README does not show"


def test_both_readmes_say_the_same_things():
    commands = [
        re.findall(r"^(?:pip|python) [^#\"\n]*", readme.read_text("utf-8"), re.MULTILINE) for readme in READMES
    ]
    headings = [re.findall(r"^(#+) ", readme.read_text("utf-8"), re.MULTILINE) for readme in READMES]
    assert [c.strip() for c in commands[0]] == [c.strip() for c in commands[1]]
    assert headings[0] == headings[1]


def test_the_readme_names_every_command():
    from llm_core.cli.commands import COMMANDS

    for readme in READMES:
        text = readme.read_text("utf-8")
        assert [name for name in COMMANDS if f"python -m llm_core {name}" not in text] == []
