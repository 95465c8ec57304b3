"""Instruction tuning: conversations in, loss on the answers alone. From a fresh model or from one that is here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from llm_core.atomic import writing
from llm_core.errors import UserError
from llm_core.models.chat_template import with_template
from llm_core.training import flat
from llm_core.training.answering import continued, generating
from llm_core.training.clean import Cleaner
from llm_core.training.conversation import Encoded, Turns, collate, encode, pieces, rendered, turns_of
from llm_core.training.dataset import Stream
from llm_core.training.evaluate import validation_loss
from llm_core.training.examples import Examples
from llm_core.training.objectives.base import Judgement
from llm_core.training.objectives.language import Language
from llm_core.training.records import account_of, up_to
from llm_core.training.report import Tally, data_report
from llm_core.training.split import Split, side_of, splits

_SAMPLE_TOKENS = 64
_VALIDATION_BATCHES = 12


class Chat(Language):
    """An `Objective`: sources are rows of `messages`, each with a role and a content, or have two columns.

    The validation loss is that of the answers; bits per character count their characters.
    """

    def prepare(self) -> dict[str, Any]:
        """Read and clean the conversations, learn or take over the tokenizer, write the token ids."""
        cleaner, tally = Cleaner(self.config.cleaning), Tally(self.config)
        sides: dict[Split, list[Turns]] = {split: [] for split in splits(self.config)}
        accounts = []
        for source in self.config.sources:
            rows = enumerate(flat.talks(source), 1)
            read = (turns_of(record, source.name, number) for number, record in rows)
            kept = list(up_to(source.characters, _cleaned(cleaner, read), _length))
            for turns in kept:
                split = side_of(json.dumps(turns), self.config) if source.use == "split" else source.use
                sides[split].append(turns)
                tally.add(tuple(content for _, content in turns), split)
            accounts.append(account_of(source, len(kept), sum(map(_length, kept))))
        lend(sides, tally)
        texts = (content for turns in sides["train"] for _, content in turns)
        with_template(self.learn_tokenizer(texts)).save_pretrained(self.folder / "tokenizer")
        left = {split: self._write(split, talks) for split, talks in sides.items()}
        report = data_report(cleaner, tally, accounts)
        return report | {split: report[split] | figures for split, figures in left.items()}

    def _write(self, split: Split, talks: list[Turns]) -> dict[str, int]:
        """SPLIT.jsonl holds what was said, SPLIT-chat.jsonl the token ids of what fits the context."""
        tokenizer, data = self.tokenizer, self.folder / "data"
        figures = {"too_long": 0, "answer_tokens": 0, "answer_characters": 0}
        with writing(data / f"{split}.jsonl", "w") as texts, writing(data / f"{split}-chat.jsonl", "w") as ids:
            for turns in talks:
                encoded = encode(tokenizer, turns)
                if encoded is None or not encoded.targets or len(encoded.ids) > self.config.batch.context + 1:
                    figures["too_long"] += 1
                    continue
                texts.write(json.dumps(["\n".join(said for _, said in turns)], ensure_ascii=False) + "\n")
                ids.write(json.dumps({"ids": encoded.ids, "answers": encoded.answers}) + "\n")
                figures["answer_tokens"] += encoded.targets
                figures["answer_characters"] += sum(len(said) + 1 for role, said in turns if role == "assistant")
        if not figures["answer_tokens"]:
            raise UserError("examples_none", split=split)
        return figures

    def stream(self, split: str) -> Stream:
        """See `Objective`."""
        talks, pad = read_encoded(self.folder / "data" / f"{split}-chat.jsonl"), self.tokenizer.pad_token_id
        batch = self.config.batch
        lengths = [len(talk.ids) for talk in talks]
        return Examples(
            lengths,
            [1.0] * len(talks),
            lambda rows: collate([talks[row] for row in rows], pad),
            batch.micro_tokens,
            self.config.seed,
        )

    def judge(self, model: PreTrainedModel) -> Judgement:
        """Loss on answers, bits a character of them, and what the model answers to each prompt."""
        loss = validation_loss(model, self.stream("valid"), _VALIDATION_BATCHES, self.loss)
        return Judgement(loss, self.bits_per_character(loss), self.answers(model))

    def bits_per_character(self, loss: float) -> float:
        """What a loss in nats an answer's token means in bits a character of the answers."""
        valid = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))["valid"]
        return float(loss / math.log(2) * valid["answer_tokens"] / valid["answer_characters"])

    def answers(self, model: PreTrainedModel) -> list[str]:
        """Each prompt and the likeliest answer to it."""
        tokenizer, samples = self.tokenizer, []
        with generating(model):
            for prompt in self.config.prompts:
                asked = pieces(tokenizer, rendered(tokenizer, (("user", prompt),), True))
                said = continued(model, tokenizer, asked, _SAMPLE_TOKENS)[0]
                samples.append(f"{prompt}\n{tokenizer.decode(said, skip_special_tokens=True)}")
        return samples


def lend(sides: dict[Split, list[Turns]], tally: Tally) -> None:
    """Give a side that no conversation was drawn for one of the fullest side."""
    for split, talks in sides.items():
        giver = max(sides, key=lambda side: len(sides[side]))
        if not talks:
            if len(sides[giver]) < 2:
                raise UserError("examples_none", split=split)
            talks.append(sides[giver].pop())
            tally.move(tuple(content for _, content in talks[0]), giver, split)


def read_encoded(path: Path) -> list[Encoded]:
    """What `prepare` wrote."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Encoded(row["ids"], [(begin, end) for begin, end in row["answers"]]) for row in rows]


def _cleaned(cleaner: Cleaner, talks: Iterator[Turns]) -> Iterator[Turns]:
    for turns in talks:
        cleaned, _, reason = cleaner.judge(tuple(content for _, content in turns))
        if reason is None:
            yield tuple((role, content) for (role, _), content in zip(turns, cleaned, strict=True))


def _length(turns: Turns) -> int:
    return sum(len(content) for _, content in turns)
