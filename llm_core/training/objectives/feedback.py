"""Self-feedback: a model answers prompts several times, and is trained on what was better. Kept only if it helped.

Better is what is nearer to the reference texts by chrF; answers that people liked in Chat are references too, those
that they did not like are the worst. The score is that of the likeliest answers to prompts never trained on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.models import lora
from llm_core.models.chat_template import with_template
from llm_core.models.opening import open_causal, open_tokenizer
from llm_core.training import flat
from llm_core.training.answering import continued, generating
from llm_core.training.conversation import Encoded, Turns, collate, pieces, rendered, turns_of
from llm_core.training.dataset import Batch, Stream
from llm_core.training.evaluate import at_rest, validation_loss
from llm_core.training.examples import Examples
from llm_core.training.loss import Loss
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.chat import Chat
from llm_core.training.preference import Asked, Pair, best_and_worst, collate_pairs, dpo_loss, log_likelihoods
from llm_core.training.records import account_of
from llm_core.training.split import Split, side_of

_VALIDATION_BATCHES = 4
_LOOKED_AT, _HELD_OUT = 8, 60
"""Held-out prompts that are answered at every look, and for the report."""
Prompts = dict[Turns, Asked]


class Feedback(Chat):
    """An `Objective`: sources are rows of `messages` that end with an answer, and perhaps a `thumb`, 1 or -1."""

    @property
    def loss(self) -> Loss:
        """DPO's, or that of the best answers."""
        feedback = self.config.feedback
        return partial(dpo_loss, beta=feedback.beta) if feedback.method == "dpo" else self.family.loss

    def prepare(self) -> dict[str, Any]:
        """Let the model answer, compare, and write pairs of a better and a worse answer.

        Raises:
            UserError: `feedback_no_start`; `examples_none`, no prompt has answers of different worth.
        """
        if not self.config.start:
            raise UserError("feedback_no_start")
        sides, accounts = self._read()
        with_template(open_tokenizer(self.begins_with)).save_pretrained(self.folder / "tokenizer")
        model = self.build_model()
        torch.manual_seed(self.config.seed)
        report: dict[str, Any] = {"sources": accounts}
        for split, prompts in sides.items():
            pairs = list(self._pairs(model, prompts))
            if not pairs:
                raise UserError("examples_none", split=split)
            with writing(self.folder / "data" / f"{split}-pairs.jsonl", "w") as out:
                out.writelines(json.dumps(asdict(pair)) + "\n" for pair in pairs)
            report[split] = {"rows": len(prompts), "pairs": len(pairs)}
        with writing(self.folder / "data" / "held-out.jsonl", "w") as out:
            for turns, asked in sides["valid"].items():
                out.write(json.dumps([turns, asked.references, asked.disliked], ensure_ascii=False) + "\n")
        return report | {"score_before": self.score(model, _HELD_OUT)}

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        with (self.folder / "data" / f"{split}-pairs.jsonl").open(encoding="utf-8") as lines:
            pairs = [Pair(**json.loads(line)) for line in lines]
        pad, batch, feedback = self.tokenizer.pad_token_id, self.config.batch, self.config.feedback

        def of(rows: Sequence[int]) -> Batch:
            some = [pairs[row] for row in rows]
            return collate_pairs(some, pad) if feedback.method == "dpo" else collate(list(map(_best, some)), pad)

        lengths = [len(pair.prompt) + max(len(pair.chosen), len(pair.rejected)) for pair in pairs]
        each = batch.micro_tokens // (2 if feedback.method == "dpo" else 1)
        return Examples(lengths, [1.0] * len(pairs), of, each, self.config.seed)  # type: ignore[arg-type]

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss on pairs of held-out prompts, the score on some of those, and answers to the prompts."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        return Judgement(loss, samples=self.answers(model), extra={"score": self.score(model, _LOOKED_AT)})

    def examine(self, model: PreTrainedModel) -> dict[str, Any]:
        """The score before and after; where it is not better, the model gets its weights of before back."""
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        before, after = report["score_before"], self.score(model, _HELD_OUT)
        if after <= before:
            self._bring_back(model)
        prompts = min(_HELD_OUT, report["valid"]["rows"])
        told = {"before": before, "after": after, "prompts": prompts, "kept": after > before}
        return {"feedback": told | {"measure": "chrF", "method": self.config.feedback.method}}

    def score(self, model: PreTrainedModel, most: int) -> float:
        """Mean chrF, or the like, of the likeliest answers to at most so many held-out prompts."""
        with (self.folder / "data" / "held-out.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for _, line in zip(range(most), lines, strict=False)]
        tokenizer, scores = self.tokenizer, []
        with generating(model):
            for turns, references, disliked in rows:
                asked = Asked(tuple(references), tuple(disliked))
                said = self._said(model, tokenizer, turns, count=1, temperature=0.0)[0]
                scores.append(max(0.0, asked.score(_text(tokenizer, said))))
        return round(sum(scores) / len(scores), 2)

    def _read(self) -> tuple[dict[Split, Prompts], list[dict[str, Any]]]:
        """Prompts by side, each with what is known of answers to it; people's thumbs are read with the rest."""
        sides: dict[Split, dict[Turns, list[list[str]]]] = {"train": {}, "valid": {}}
        accounts = []
        for source in self.config.sources:
            rows = 0
            for number, record in enumerate(flat.talks(source), 1):
                turns = turns_of(record, source.name, number)
                if turns[-1][0] != "assistant":
                    continue
                prompt, answer = turns[:-1], turns[-1][1]
                split = side_of(json.dumps(prompt), self.config) if source.use == "split" else source.use
                liked, disliked = sides["valid" if split == "test" else split].setdefault(prompt, [[], []])
                (disliked if record.get("thumb") == -1 else liked).append(answer)
                rows += 1
            accounts.append(account_of(source, rows, 0))
        for taker, giver in (("valid", "train"), ("train", "valid")):
            if not sides[taker] and len(sides[giver]) > 1:  # type: ignore[index]
                prompt, known = sides[giver].popitem()  # type: ignore[index]
                sides[taker][prompt] = known  # type: ignore[index]
        return {split: _asked(known, self.config.feedback.prompts) for split, known in sides.items()}, accounts

    def _pairs(self, model: PreTrainedModel, prompts: Prompts) -> Iterator[Pair]:
        feedback, tokenizer = self.config.feedback, self.tokenizer
        end = [tokenizer.eos_token_id]
        for turns, asked in prompts.items():
            with generating(model):
                said = self._said(model, tokenizer, turns, feedback.answers, feedback.temperature)
            said = [ids for ids in said if ids]
            said += [pieces(tokenizer, answer) for answer in asked.disliked]
            texts = [_text(tokenizer, ids) for ids in said]
            if len(said) < 2 or (chosen := best_and_worst(asked, texts, feedback.margin)) is None:
                continue
            best, worst = (said[number] + end for number in chosen)
            pair = Pair(pieces(tokenizer, rendered(tokenizer, turns, True)), best, worst)
            if len(pair.prompt) + max(len(best), len(worst)) > self.config.batch.context:
                continue
            with at_rest(model):
                likely = log_likelihoods(model, collate_pairs([pair], tokenizer.pad_token_id).to(model.device))
            yield Pair(pair.prompt, best, worst, (float(likely[0]), float(likely[1])))

    def _said(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, turns: Turns, count: int, temperature: float
    ) -> list[list[int]]:
        asked = pieces(tokenizer, rendered(tokenizer, tuple((role, said) for role, said in turns), True))
        tokens = self.config.feedback.answer_tokens
        return continued(model, tokenizer, asked, tokens, count=count, temperature=temperature)

    def _bring_back(self, model: PreTrainedModel) -> None:
        """The weights that training began with."""
        with torch.no_grad():
            if lora.adapter_of(model):
                for name, own in model.named_parameters():
                    if name.endswith("lora_B"):
                        own.zero_()
                return
            first: nn.Module = open_causal(self.begins_with)
            model.load_state_dict(first.state_dict())


def _asked(known: dict[Turns, list[list[str]]], most: int) -> Prompts:
    some = list(known.items())[:most]
    return {prompt: Asked(tuple(liked), tuple(disliked)) for prompt, (liked, disliked) in some}


def _text(tokenizer: PreTrainedTokenizerFast, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=True)).strip()


def _best(pair: Pair) -> Encoded:
    """The better answer, to be learned as in instruction tuning."""
    ids = [*pair.prompt, *pair.chosen]
    return Encoded(ids, [(len(pair.prompt), len(ids))])
