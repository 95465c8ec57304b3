"""What an encoder shows: what it fills in, what it decides, what it finds alike; each against plain torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.encoder import E5
from llm_core.insight import leaving_out, likeness, look
from llm_core.insight.opened import Opened, open_folder
from llm_core.models import recurrent
from tests.insight.conftest import TEXT, with_head


def seen(opened: Opened, text: str = TEXT, given: tuple[str, ...] = ()) -> look.Look:
    steps = look.look(opened, text, opened.pieces(text), given)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: look.Look = done.value
            return found


def test_at_each_place_stands_what_one_would_fill_in_there(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    opened = with_head(BertForMaskedLM, encoder_tokenizer)
    found = seen(opened)
    assert found.views == ("filling", "attention", "neighbours")
    assert set(found.explained) == set(found.views)
    read = found.reading
    assert read
    assert not read.goes_on
    ids = encoder_tokenizer(TEXT)["input_ids"]
    assert list(found.marked) == ids
    assert len(read.candidates) == len(read.pieces) == len(ids) - 2
    for place, piece in enumerate(read.pieces):
        hidden = torch.tensor([ids])
        hidden[0, place + 1] = encoder_tokenizer.mask_token_id
        with torch.no_grad():
            log_p = opened.model(input_ids=hidden).logits[0, place + 1].double().log_softmax(0)
        assert float(read.logprobs[place]) == pytest.approx(float(log_p[piece.id]), abs=1e-4)
        assert read.candidates[place][0] == log_p.argmax()
        assert read.ranks[place] == 1 + int((log_p > log_p[piece.id]).sum())


def test_a_gap_of_ones_own_is_filled_and_asked_for_nothing(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    opened = with_head(BertForMaskedLM, encoder_tokenizer)
    text = "The <mask> sees the moon."
    read = seen(opened, text).reading
    assert read
    (gap,) = [place for place, piece in enumerate(read.pieces) if piece.id == read.blank]
    assert "".join(piece.of(text) for piece in read.pieces) == text
    assert (read.logprobs[gap], read.ranks[gap]) == (0, 0)
    inputs = encoder_tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        assert read.candidates[gap][0] == opened.model(**inputs).logits[0, gap + 1].argmax()


def test_all_tokens_of_an_encoder_see_one_another(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    (maps,) = seen(with_head(BertForMaskedLM, encoder_tokenizer)).seen["attention"]
    assert maps.kind == "both"
    assert not maps.causal
    assert maps.weights.shape[:2] == (2, 3)
    np.testing.assert_allclose(maps.weights.sum(-1), 1, atol=1e-5)
    assert np.triu(maps.weights, 1).max() > 0


@pytest.mark.parametrize("family", ["encoder", "gru"])
def test_evidence_is_what_the_odds_lose_without_a_token(
    family: str, encoder_tokenizer: PreTrainedTokenizerFast
) -> None:
    names = {"id2label": {0: "down", 1: "up", 2: "so"}, "label2id": {"down": 0, "up": 1, "so": 2}}
    if family == "encoder":
        opened = with_head(BertForSequenceClassification, encoder_tokenizer, **names)
    else:
        config = recurrent.config_of("gru", recurrent.Shape(hidden=12, layers=1), encoder_tokenizer, 64)
        config.update(names)
        torch.manual_seed(0)
        opened = Opened.of(recurrent.RecurrentForSequenceClassification(config), encoder_tokenizer, threads=1)
    found = seen(opened)
    inner = "attention" if family == "encoder" else "states"
    assert found.views == ("decision", inner, "neighbours")
    assert set(found.seen) == set(found.explained) == set(found.views)
    decided = found.seen["decision"]
    assert decided.classes == ("down", "up", "so")
    ids = encoder_tokenizer(TEXT)["input_ids"]

    def chances(row: list[int]) -> np.ndarray:
        with torch.no_grad():
            p: np.ndarray = opened.model(input_ids=torch.tensor([row])).logits[0].double().softmax(0).numpy()
        return p

    whole = chances(ids)
    np.testing.assert_allclose(decided.whole, whole, atol=1e-5)
    assert decided.best == whole.argmax()
    for place in range(len(ids) - 2):
        without = chances(ids[: place + 1] + ids[place + 2 :])
        np.testing.assert_allclose(decided.without[place], without, atol=1e-5)
        evidence = np.log2(whole / (1 - whole)) - np.log2(without / (1 - without))
        np.testing.assert_allclose(decided.evidence[place], evidence, atol=1e-3)


def test_labels_of_several_sets_each_sum_to_one(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    opened = with_head(BertForSequenceClassification, encoder_tokenizer, num_labels=5)
    opened.model.config.label_sets = {"mood": [0, 2], "aim": [2, 5]}
    decided = seen(opened).seen["decision"]
    assert decided.whole[:2].sum() == pytest.approx(1, abs=1e-5)
    assert decided.whole[2:].sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(decided.evidence[:, 0], -decided.evidence[:, 1], atol=1e-3)


def test_what_lies_near_is_told_by_the_mean_of_the_states(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    opened = with_head(BertModel, encoder_tokenizer)
    given = ("The fox sees the moon.", "A bird finds an old book.")
    found = seen(opened, TEXT, given)
    assert found.views == ("likeness", "attention", "neighbours")
    assert found.reading is None

    def vector(ids: list[int]) -> torch.Tensor:
        with torch.no_grad():
            return opened.model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0)

    ids, others = (
        encoder_tokenizer(TEXT)["input_ids"],
        [vector(encoder_tokenizer(each)["input_ids"]) for each in given],
    )
    alike = found.seen["likeness"]
    assert (alike.given, alike.as_in_ask) == (given, False)
    expected = [float(cosine_similarity(vector(ids), other, dim=0)) for other in others]
    np.testing.assert_allclose(alike.cosines, expected, atol=1e-5)
    without = vector(ids[:3] + ids[4:])
    assert alike.moved[2] == pytest.approx(1 - float(cosine_similarity(vector(ids), without, dim=0)), abs=1e-5)


def test_the_one_of_ask_finds_the_same_across_languages_as_ask_does(tmp_path) -> None:
    folder = FOLDER / "e5-zh-en"
    opened = open_folder(folder, threads=1)
    text, given = "The boat leaves at nine.", ("船九点开。", "面包店早上卖热面包。", "The bread is warm.")
    alike = seen(opened, text, given).seen["likeness"]
    assert alike.as_in_ask
    assert int(alike.cosines.argmax()) == 0
    engine = E5(folder, tmp_path, threads=1)
    own, *others = engine.encode([text, *given], likeness.KIND)
    np.testing.assert_allclose(alike.cosines, np.stack(others) @ own, atol=0.03)  # which computes in eight bits


def test_a_head_that_has_no_view_still_leaves_what_is_inside(encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    found = seen(with_head(BertForQuestionAnswering, encoder_tokenizer))
    assert found.views == ("attention", "neighbours")
    assert set(found.seen) == {"attention", "neighbours"}


def test_many_rows_are_computed_in_parts(
    encoder_tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = with_head(BertForMaskedLM, encoder_tokenizer)
    whole = seen(opened).reading
    monkeypatch.setattr(leaving_out, "BATCH_TOKENS", 40)
    parts = seen(opened).reading
    assert whole
    assert parts
    np.testing.assert_allclose(parts.logprobs, whole.logprobs, atol=1e-5)
    assert math.isfinite(float(whole.bits.sum()))


def test_a_folder_is_opened_with_the_head_that_it_names(tmp_path, encoder_tokenizer: PreTrainedTokenizerFast) -> None:
    for head, said in ((BertForMaskedLM, "masked"), (BertForSequenceClassification, "label"), (BertModel, "vector")):
        folder = tmp_path / said
        with_head(head, encoder_tokenizer).model.save_pretrained(folder)
        encoder_tokenizer.save_pretrained(folder)
        opened = open_folder(folder, threads=1)
        assert (opened.family, opened.head) == ("encoder", said)
        assert type(opened.model) is head
