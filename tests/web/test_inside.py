"""Look inside as HTML and files: what a text brings along is only text, and the numbers are those of the picture."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from transformers import BertForMaskedLM, BertForSequenceClassification, BertModel

from llm_core.catalog.bundled import FOLDER
from llm_core.insight import look as looking
from llm_core.insight.opened import Opened, open_folder
from llm_core.insight.sampling import Dials
from llm_core.models.encoder import as_encoder_tokenizer
from llm_core.models.tokenizers import train_byte_bpe
from llm_core.web.inside import numbers
from llm_core.web.inside.bars import bars
from llm_core.web.inside.margin import sign, symbols
from llm_core.web.inside.mask import mask
from llm_core.web.inside.picture import DRAW
from llm_core.web.inside.shown import Aim, Shown
from tests.insight.conftest import LINES, with_head

TEXT = 'The <img src=x onerror=alert(1)> boat & "quay" 船'


@pytest.fixture(scope="module")
def decoder() -> Opened:
    return open_folder(FOLDER / "decoder-zh-en", threads=1)


@pytest.fixture(scope="module")
def seen(decoder: Opened) -> looking.Look:
    return _result(looking.look(decoder, TEXT, decoder.pieces(TEXT)))


def _result(steps) -> looking.Look:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


@pytest.fixture(scope="module")
def judged() -> dict[str, looking.Look]:
    """What encoders show, by what they say of a text."""
    tokenizer = as_encoder_tokenizer(train_byte_bpe(LINES, 300))
    labels = {0: "<b>down</b>", 1: "up"}
    made = {
        "filling": with_head(BertForMaskedLM, tokenizer),
        "decision": with_head(BertForSequenceClassification, tokenizer, id2label=labels),
        "likeness": with_head(BertModel, tokenizer),
    }
    return {view: _result(looking.look(one, TEXT, one.pieces(TEXT), [TEXT, "船"])) for view, one in made.items()}


def shown(seen: looking.Look, view: str, place: int = -1) -> Shown:
    return Shown(seen, 0, place, Aim(view, layer=3, head=1), "en")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("place", [-1, 0, 4])
@pytest.mark.parametrize("view", ["surprise", "attention", "neighbours", "tree"])
def test_a_picture_is_well_formed_and_holds_no_markup_of_the_text(view: str, place: int, seen: looking.Look) -> None:
    assert seen.reading
    check(DRAW[view](shown(seen, view, place)) + bars(seen.reading, place, Dials(top_k=3), "zh"))
    check(symbols(seen.explained[view], "", "en") + "&lt;")


def check(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert not tags.open
    assert "img" not in tags.seen
    assert "<b>down" not in html
    assert "&lt;" in html


@pytest.mark.parametrize("place", [-1, 0, 4])
@pytest.mark.parametrize("view", ["filling", "decision", "likeness"])
def test_what_encoders_show_is_well_formed_and_its_table_has_a_row_for_each_token(
    view: str, place: int, judged: dict[str, looking.Look]
) -> None:
    look = judged[view]
    one = shown(look, view, place)
    check(DRAW[view](one))
    check(DRAW["attention"](replace(one, aim=Aim("attention"))))
    check(symbols(look.explained[view], "", "zh") + "&lt;")
    if look.reading and place >= 0:
        check(bars(look.reading, place, Dials(), "en") + "&lt;")
    rows = list(csv.reader(io.StringIO(numbers.as_csv(one).removeprefix("\ufeff"))))
    pieces = look.sentence.pieces
    assert len(rows) == len(pieces) + (1 if view == "filling" else 2)
    told = json.loads(numbers.as_json(one))
    assert "".join(each["piece"] for each in told["places"]) == TEXT
    assert ("candidates" in told["places"][0]) == (view == "filling")


def test_what_a_token_is_worth_is_seen_at_it(judged: dict[str, looking.Look]) -> None:
    html = DRAW["decision"](shown(judged["decision"], "decision"))
    decided = judged["decision"].seen["decision"]
    bits = decided.evidence[:, decided.best]
    shares = [float(x) for x in re.findall(r"--s:([0-9.]+);", html)]
    against = ["against" in kind for kind in re.findall(r'class="(piece[^"]*)" data-do="place" data-id="0:\d', html)]
    np.testing.assert_allclose(shares, np.abs(bits) / max(1, np.abs(bits).max()), atol=1e-3)
    assert against == [x < 0 for x in bits]


def test_a_mask_is_a_picture_of_its_numbers() -> None:
    values = np.array([[0.0, 0.25, 1.0], [0.5, 2.0, -1.0]])
    png = b64decode(mask(values).partition(",")[2])
    alpha = np.asarray(Image.open(io.BytesIO(png)))[..., 1] / 255
    np.testing.assert_allclose(alpha, np.clip(values, 0, 1), atol=0.005)


def test_the_table_of_attention_is_the_head_that_is_shown(seen: looking.Look) -> None:
    rows = list(csv.reader(io.StringIO(numbers.as_csv(shown(seen, "attention")).removeprefix("\ufeff"))))
    weights = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]])
    np.testing.assert_allclose(weights, seen.seen["attention"][0].weights[3, 1], atol=1e-5)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-4)


def test_the_table_of_surprise_adds_up_to_the_bits_of_the_text(seen: looking.Look) -> None:
    rows = list(csv.DictReader(io.StringIO(numbers.as_csv(shown(seen, "surprise")).removeprefix("\ufeff"))))
    assert "".join(row["piece"] for row in rows) == TEXT
    assert sum(float(row["bits"]) for row in rows) == pytest.approx(float(seen.reading.bits.sum()), abs=1e-3)


def test_of_very_much_attention_only_what_is_shown_is_saved(
    seen: looking.Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.loads(numbers.as_json(shown(seen, "attention")))
    assert np.array(whole["views"]["attention"][0]["weights"]).shape[:2] == (8, 4)
    monkeypatch.setattr(numbers, "WEIGHTS_MAX", 10)
    part = json.loads(numbers.as_json(shown(seen, "attention")))["views"]["attention"]
    assert (part["layer"], part["head"]) == (4, 2)
    assert part["maps"]["weights"][0][0] == whole["views"]["attention"][0]["weights"][3][1]


def test_the_place_of_the_code_is_where_it_stands(seen: looking.Look) -> None:
    code = seen.explained["neighbours"].code
    lines = (FOLDER.parents[1] / code.path).read_text("utf-8").splitlines()
    assert lines[code.first - 1].startswith("def nearest(")
    assert code.source.splitlines()[-1].strip() == lines[code.last - 1].strip()
    html = symbols(seen.explained["neighbours"], "https://example.org/us/workbench/", "en")
    url = re.search(r'href="([^"]+)"', html)
    assert url
    assert url[1] == f"https://example.org/us/workbench/blob/main/{code.path}#L{code.first}-L{code.last}"
    packaged = replace(seen.explained["neighbours"], code=seen.explained["attention"].code)
    assert "href" not in symbols(packaged, "https://example.org/us/workbench", "en")


def test_signs_have_their_indices_low_and_their_powers_high() -> None:
    assert sign("W_hh, b") == "W<sub>hh</sub>, b"
    assert sign("W^1 <") == "W<sup>1</sup> &lt;"
