"""A sentence VAE: its bound, what keeps z in use, what can be done with its space, and going on after a break."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from llm_core.engines.causal import Causal
from llm_core.models import register
from llm_core.models.latent import decode, encode
from llm_core.models.vae import VaeForCausalLM
from llm_core.training import elbo, latent, precision
from llm_core.training.dataset import IGNORE
from llm_core.training.elbo import elbo_loss, elbo_terms, gaussian_kl, latent_figures
from llm_core.training.loop import Trainer
from llm_core.training.run import Run
from llm_core.training.samples.sentences import say
from llm_core.training.sentences import Sentences

Prepared = Callable[..., Run]
FIRST, LAST = "The cat hid two lamps alone yesterday.", "Will the doctors sell many fish gladly tomorrow?"


@pytest.fixture
def recipe(decoder_recipe: dict[str, Any]) -> dict[str, Any]:
    return decoder_recipe | {
        "name": "tiny-vae",
        "family": "vae",
        "shape": {"hidden": 40, "latent": 8, "annealing": 4, "free_bits": 0.3, "word_dropout": 0.5},
        "sources": [{"sample": "sentences-en", "characters": 24_000}],
        "tokenizer": {"kind": "word", "vocabulary": 420},
        "batch": {"context": 32, "micro_tokens": 256, "accumulate": 2},
        "optimize": {"learning_rate": 0.01, "warmup_steps": 4},
        "prompts": [FIRST, "The cat hid", ""],
    }


@pytest.fixture
def run(prepared: Prepared, recipe: dict[str, Any]) -> Run:
    return prepared(recipe)


@pytest.fixture
def model(run: Run) -> VaeForCausalLM:
    torch.manual_seed(0)
    model = run.build_model()
    assert isinstance(model, VaeForCausalLM)
    return model


def test_the_divergence_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(5, 7), torch.randn(5, 7)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(gaussian_kl(mean, log_variance), expected)


def test_a_batch_is_whole_sentences_between_marks(run: Run) -> None:
    stream = run.stream("train")
    assert isinstance(stream, Sentences)
    end, seen = run.tokenizer.eos_token_id, set[str]()
    for batch in (stream.next() for _ in range(4)):
        ids, mask = batch.inputs["input_ids"], batch.inputs["attention_mask"]
        assert ids.numel() <= 256
        assert bool((ids[:, 0] == end).all())
        for row, kept, label in zip(ids, mask.bool(), batch.labels, strict=True):
            assert label[kept].tolist() == [*row[kept][1:].tolist(), end]
            assert bool((label[~kept] == IGNORE).all())
            seen.add(run.tokenizer.decode(row[kept][1:]).strip())
    assert all(text.endswith((".", "?")) for text in seen)


def test_an_epoch_is_every_sentence_once(run: Run) -> None:
    stream = run.stream("train")
    assert isinstance(stream, Sentences)
    rows = [row for some in stream._plan for row in some.tolist()]
    assert sorted(rows) == list(range(len(stream.tokens)))


def test_running_text_is_cut_into_its_sentences(prepared: Prepared, recipe: dict[str, Any]) -> None:
    run = prepared(recipe, sources=[{"sample": "stories-en", "characters": 20_000}])
    stream = run.stream("train")
    assert isinstance(stream, Sentences)
    texts = [run.tokenizer.decode(stream.tokens[i][:-1]).strip() for i in range(12)]
    assert all(text.endswith((".", "?", "!", "”", ":")) for text in texts)


def test_the_bound_is_both_its_terms_by_their_formulas(model: VaeForCausalLM, run: Run) -> None:
    """-E_q[log p(x|z)] from the logits that the model writes by, and the divergence of torch.distributions."""
    batch = run.stream("valid").next()
    ids = batch.inputs["input_ids"]
    precision.use("fp32")
    model.eval()
    torch.manual_seed(1)
    loss, plain = elbo_loss(model, batch)
    with torch.no_grad():
        mean, log_variance = model.model.encode(ids[:, 1:], batch.inputs["attention_mask"][:, 1:])
        q = Normal(mean, (0.5 * log_variance).exp())
        torch.manual_seed(1)
        z = q.mean + q.stddev * torch.randn_like(mean)
        logits = model(ids, past_key_values=model.model.at(z)).logits
        reconstruction = cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), reduction="sum")
        divergence = kl_divergence(q, Normal(0.0, 1.0)).sum()
    torch.testing.assert_close(plain, reconstruction + divergence)
    assert loss.item() >= plain.item()


def test_so_many_nats_of_a_dimension_are_free(
    model: VaeForCausalLM, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the free nats the KL term has no gradient; above them it has all of it."""
    batch = run.stream("valid").next()
    model.eval()
    with monkeypatch.context() as patch:
        patch.setattr(elbo, "linear_cross_entropy", lambda *_: (torch.zeros(()), torch.zeros(())))
        for free, is_charged in ((0.0, True), (100.0, False)):
            model.config.free_bits = free
            model.zero_grad()
            loss, _ = elbo_loss(model, batch)
            loss.backward()
            gradient = model.model.posterior.weight.grad
            assert gradient is not None
            assert bool(gradient.abs().sum() > 0) == is_charged
            assert loss.item() >= free * 8 * len(batch.labels)


def test_the_weight_of_the_divergence_grows_with_each_pass_of_training(model: VaeForCausalLM, run: Run) -> None:
    batch, weights = run.stream("train").next(), []
    model.train()
    model.config.free_bits = 0.0
    for _ in range(6):
        torch.manual_seed(2)
        loss, _ = elbo_loss(model, batch)
        torch.manual_seed(2)
        terms_model = model.model.passes.clone()
        terms = elbo_terms(model, batch)
        assert torch.equal(terms_model, model.model.passes)
        weights.append(((loss - terms.plain) / terms.kl.sum()).item())
    assert weights == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1], abs=1e-3)
    model.eval()
    elbo_loss(model, batch)
    assert int(model.model.passes) == 6


def test_a_run_that_was_cut_off_ends_with_the_same_weights_and_annealing(run: Run) -> None:
    def trainer(folder: str) -> Trainer:
        torch.manual_seed(run.config.seed)
        trainer = run.trainer(run.folder / folder)
        trainer.config = run.config.with_budget(steps=6)
        return trainer

    whole = trainer("whole")
    losses = [record.loss for record in whole.run()]
    first = trainer("cut")
    list(islice(first.run(), 3))
    first.save()
    second = trainer("cut")
    torch.manual_seed(999)
    assert second.resume()
    assert [record.loss for record in second.run()] == losses[3:]
    ours, theirs = second.model.state_dict(), whole.model.state_dict()
    assert int(ours["model.passes"]) == 12  # two passes an update
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_after_a_short_run_z_is_in_use_and_the_look_says_so(prepared: Prepared, recipe: dict[str, Any]) -> None:
    run = prepared(recipe, budget={"steps": 120, "evaluate_every": 60})
    *events, done = run.train()
    looks = [event.value for event in events if hasattr(event.value, "samples")]  # type: ignore[union-attr]
    extra = done.result.extra  # type: ignore[union-attr]
    assert extra == looks[-1].extra
    assert extra["kl"] > 1.0
    assert extra["active_units"] >= 4
    per_token = looks[-1].valid_loss
    assert looks[0].valid_loss > per_token
    assert all(
        whole and begun.startswith("The cat hid") and drawn
        for look in looks
        for whole, begun, drawn in [look.samples]
    )
    register()
    again = AutoModelForCausalLM.from_pretrained(run.folder / "model", dtype=torch.float32)
    assert int(again.model.passes) == 240
    assert latent_figures(again, run.stream("valid"))["kl"] == pytest.approx(extra["kl"], rel=0.05)


def test_units_that_do_not_move_are_not_active(model: VaeForCausalLM, run: Run) -> None:
    with torch.no_grad():
        weight = model.model.posterior.weight
        weight[:8] *= 40
        weight[:5] = 0
    assert latent_figures(model, run.stream("valid"))["active_units"] == 3


def test_a_walk_begins_and_ends_at_the_reconstructions(model: VaeForCausalLM, run: Run) -> None:
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))  # so that each point says something else
    walk = latent.interpolate(model, run.tokenizer, FIRST, LAST, steps=5)
    assert len(walk) == 5
    assert [walk[0], walk[-1]] == latent.reconstruct(model, run.tokenizer, [FIRST, LAST])
    mean, sigma = encode(model.eval(), run.tokenizer, [FIRST, LAST])
    middle = decode(model, run.tokenizer, mean.mean(dim=0, keepdim=True))
    assert walk[2:3] == middle
    assert bool((sigma > 0).all())


def test_a_sentence_has_the_same_place_alone_and_beside_longer_ones(model: VaeForCausalLM, run: Run) -> None:
    together, _ = encode(model.eval(), run.tokenizer, [FIRST, f"{LAST} {LAST}"])
    alone, _ = encode(model, run.tokenizer, [FIRST])
    torch.testing.assert_close(together[:1], alone)


def test_drawing_from_the_prior_repeats_with_its_seed_and_leaves_the_random_state(
    model: VaeForCausalLM, run: Run
) -> None:
    before = torch.get_rng_state()
    first = latent.draw(model, run.tokenizer, 6, seed=3)
    assert first == latent.draw(model, run.tokenizer, 6, seed=3)
    assert torch.equal(before, torch.get_rng_state())


def test_which_factor_changes_on_the_way_is_told() -> None:
    from llm_core.training.samples.sentences import Factors

    at = Factors("cat", "third", "singular", "past", "statement", "hide", "lamp", "two", "alone", "yesterday")
    texts = [say(at, "en"), say(at, "en"), FIRST.replace("lamps", "books"), "The cats hid two books alone yesterday."]
    assert latent.changes(texts, "en") == [(), ("object",), ("number",)]


def test_chat_continues_from_where_the_encoder_puts_the_prompt(model: VaeForCausalLM, run: Run) -> None:
    folder = run.folder / "model"
    model.eval().save_pretrained(folder)
    run.tokenizer.save_pretrained(folder)
    causal = Causal(folder, context=64, threads=1)
    assert causal.begin is not None
    for prompt in ("The cat hid", "Will the doctors"):
        ids = [causal.begin, *causal.ids(prompt)]
        logits, state = causal.step([ids])
        mean, _ = encode(model, run.tokenizer, [prompt])
        given = torch.tensor([ids])
        torch.testing.assert_close(logits, model(given, past_key_values=model.model.at(mean)).logits[:, -1])
        torch.testing.assert_close(state.tensors[0], mean)
    assert not torch.equal(causal.step([[causal.begin]])[1].tensors[0], causal.step([[causal.begin]])[1].tensors[0])
