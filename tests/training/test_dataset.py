"""Streams: everything once an epoch, and the same order from every position."""

from collections import Counter

import numpy as np
import pytest
import torch

from llm_core.errors import UserError
from llm_core.training.dataset import IGNORE, Batch, Blocks, Pairs, Position, Stream
from llm_core.training.tokenize import Tokens

PAD, END, TO_ZH, TO_EN = 99, 1, 90, 91


def tokens(rows: list[list[int]]) -> Tokens:
    return Tokens(np.concatenate([np.array(row, dtype=np.uint16) for row in rows]), np.cumsum([0, *map(len, rows)]))


def blocks(seed: int = 0) -> Blocks:
    return Blocks(tokens([list(range(1000))]), context=16, batch=4, seed=seed)


def pairs(seed: int = 0) -> Pairs:
    random = np.random.default_rng(5)
    sides = [[[*random.integers(2, 50, random.integers(1, 20)).tolist(), END] for _ in range(300)] for _ in range(2)]
    return Pairs((tokens(sides[0]), tokens(sides[1])), (TO_ZH, TO_EN), PAD, longest=18, micro_tokens=200, seed=seed)


def same(a: Batch, b: Batch) -> bool:
    return torch.equal(a.labels, b.labels) and all(torch.equal(a.inputs[name], b.inputs[name]) for name in a.inputs)


@pytest.mark.parametrize("make", [blocks, pairs])
def test_a_stream_goes_on_from_any_position_as_if_nothing_had_happened(make: type[Stream]) -> None:
    stream = make()
    for _ in range(400):  # into a later epoch
        stream.next()
    position = stream.position
    expected = [stream.next() for _ in range(10)]
    again = make()
    again.seek(position)
    assert position.epoch > 0
    assert all(same(again.next(), batch) for batch in expected)


@pytest.mark.parametrize("make", [blocks, pairs])
def test_seeds_and_epochs_differ(make: type[Stream]) -> None:
    assert not same(make(0).next(), make(1).next())
    later = make(0)
    later.seek(Position(1, 0))
    assert not same(make(0).next(), later.next())


def test_a_block_predicts_the_token_after_each() -> None:
    batch = blocks().next()
    assert batch.inputs["input_ids"].shape == batch.labels.shape == (4, 16)
    assert torch.equal(batch.inputs["input_ids"] + 1, batch.labels)  # the text counts upwards
    assert batch.targets == 64


def test_a_text_shorter_than_its_context_is_refused() -> None:
    with pytest.raises(UserError, match="corpus_short"):
        Blocks(tokens([[1, 2, 3]]), context=16, batch=1, seed=0)


def test_an_epoch_has_every_fitting_pair_once_in_each_direction() -> None:
    stream = pairs()
    seen: Counter[tuple[int, tuple[int, ...], tuple[int, ...]]] = Counter()
    while stream.position.epoch == 0 and stream.position.index < len(stream._plan):
        batch = stream.next()
        source, target = batch.inputs["input_ids"], batch.inputs["decoder_input_ids"]
        assert source.numel() + target.numel() <= 200
        for row, labels in zip(source.tolist(), batch.labels.tolist(), strict=True):
            text = tuple(t for t in row[1:] if t != PAD)
            seen[(row[0], text, tuple(t for t in labels if t != IGNORE))] += 1
    assert set(seen.values()) == {1}
    assert {(TO_EN if tag == TO_ZH else TO_ZH, target, source) for tag, source, target in seen} == set(seen)
    assert all(max(len(source), len(target)) < 18 for _, source, target in seen)


def test_a_decoder_of_pairs_begins_with_pad_and_reads_its_target_one_late() -> None:
    batch = pairs().next()
    given = batch.inputs["decoder_input_ids"]
    assert (given[:, 0] == PAD).all()
    counted = batch.labels[:, :-1] != IGNORE
    assert torch.equal(given[:, 1:][counted], batch.labels[:, :-1][counted])
    assert torch.equal(batch.inputs["attention_mask"].bool(), batch.inputs["input_ids"] != PAD)
