"""How a model is asked for a sentence: with the one before it where the model is large enough to leave that alone."""

import pytest

from llm_core.engines.base import Finished, Writing
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.segments import segments
from llm_core.tasks.sentence_writer import Draft, SentenceWriter, Way
from llm_core.tasks.translation import Doubt
from llm_core.tasks.translation_prompts import prompt

TEXT = "安娜修好了{钟}。在广场上敲了十二下。"


class Asked:
    """A model that writes one word, and keeps what it was asked."""

    capabilities = frozenset()

    def __init__(self):
        self.systems = []

    def generate(self, prompts, sampling, *, visitor=""):
        for number, (system, _) in enumerate(prompts):
            self.systems.append(system.content)
            yield Writing(number, "Twelve.")
            yield Finished(number, "stop", 1, 1, 1.0)


def written(ways, parameters=1_500_000_000):
    model = Asked()
    writer = SentenceWriter(model, parameters, Glossary({}, "en"), "en", "")
    list(writer.write([(segments(TEXT, "en")[1], way) for way in ways]))
    return model.systems, writer


@pytest.mark.parametrize("to", ["zh", "en"])
def test_only_a_large_model_reads_the_sentence_before(to):
    large, small = (
        prompt("B.", to, {}, parameters=size, before="A {b}.")[0].content for size in (1_500_000_000, 5 * 10**8)
    )
    assert "A {b}." in large and "A {b}." not in small
    assert large.startswith(prompt("B.", to, {}, parameters=1_500_000_000)[0].content), "so that it stays cached"


def test_the_writer_hands_it_on_and_asks_again_without_it():
    (first,), writer = written([Way()])
    assert "安娜修好了{钟}。" in first
    again = writer.another_way(Draft(segments(TEXT, "en")[1], Way(), "Anna. Twelve.", (Doubt("length"),)))
    (second,), _ = written([again])
    assert "安娜" not in second
