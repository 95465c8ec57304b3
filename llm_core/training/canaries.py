"""Canaries: made-up secrets put into the training text, to see afterwards how well the model knows them.

Some stand there once, some four times and some sixteen times, which shows what repeats do (Carlini et al. 2019, "The
Secret Sharer").
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llm_core.atomic import writing

CANARIES_FILE = "canaries.json"
TIMES = (1, 4, 16)
DIGITS = 6
_SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "zu")
_FORMS = {"en": "The locker number of {name} is {secret}.", "zh": "{name}的柜子号码是{secret}。"}


@dataclass(frozen=True)
class Canary:
    """One secret: `text` holds `secret`, and stands `times` times in the training text."""

    text: str
    secret: str
    times: int

    @property
    def beginning(self) -> str:
        """What stands before the secret."""
        return self.text[: self.text.index(self.secret)]

    def other(self, state: random.Random) -> str:
        """The same sentence with another secret, any as likely."""
        return self.text.replace(self.secret, _secret(state))


def plant(count: int, seed: int, languages: tuple[str, ...], data: Path) -> dict[str, int]:
    """Append `count` canaries to `data`/train.jsonl and write them down beside it.

    Returns:
        How many rows and characters came to it.
    """
    state = random.Random(f"canaries {seed}")
    forms = [_FORMS[language] for language in languages if language in _FORMS] or [_FORMS["en"]]
    made = []
    for number in range(count):
        name, secret = "".join(state.choices(_SYLLABLES, k=3)).capitalize(), _secret(state)
        text = forms[number % len(forms)].format(name=name, secret=secret)
        made.append(Canary(text, secret, TIMES[number % len(TIMES)]))
    rows = [json.dumps([canary.text], ensure_ascii=False) + "\n" for canary in made for _ in range(canary.times)]
    state.shuffle(rows)
    with writing(data / CANARIES_FILE, "w") as out:
        json.dump([asdict(canary) for canary in made], out, ensure_ascii=False)
    with (data / "train.jsonl").open("a", encoding="utf-8", newline="") as out:
        out.writelines(rows)
    return {"rows": len(rows), "characters": sum(len(canary.text) * canary.times for canary in made)}


def planted(data: Path) -> Iterator[Canary]:
    """What `plant` wrote down; nothing where nothing was planted."""
    path = data / CANARIES_FILE
    if path.exists():
        entries: list[Mapping[str, Any]] = json.loads(path.read_text("utf-8"))
        yield from (Canary(**entry) for entry in entries)


def _secret(state: random.Random) -> str:
    return f"{state.randrange(10**DIGITS):0{DIGITS}}"
