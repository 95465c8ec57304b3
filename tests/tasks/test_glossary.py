"""A glossary in every form that people write one, and where its terms stand."""

import doctest

import pytest

from llm_core.errors import UserError
from llm_core.tasks import glossary
from llm_core.tasks.glossary import Glossary, read

TERMS = {"attention head": "注意力头", "attention": "注意力", "workshop": "研讨会"}


@pytest.mark.parametrize(
    "text",
    [
        "attention head = 注意力头\nworkshop=研讨会",
        "attention head,注意力头\nworkshop,研讨会\n",
        "\ufeffen,zh\r\nattention head,注意力头\r\nworkshop,研讨会",
        "term\ttranslation\nattention head\t注意力头\tours\nworkshop\t研讨会",
        '# ours\n\n"attention head","注意力头"\nworkshop，研讨会',
    ],
)
def test_every_form_is_read(text):
    assert read(text) == {"attention head": "注意力头", "workshop": "研讨会"}


def test_a_line_without_a_second_term_is_named():
    with pytest.raises(UserError, match="glossary_line") as error:
        read("workshop = 研讨会\nlanguage model")
    assert error.value.facts["number"] == 2


def test_too_many_terms_are_refused():
    with pytest.raises(UserError, match="glossary_long"):
        read("\n".join(f"term{n} = 词{n}" for n in range(5001)))


def test_the_longest_term_counts_and_plurals_do():
    found = Glossary(TERMS, "zh").of("Attention heads were shown at two workshops.")
    assert found == {"attention head": "注意力头", "workshop": "研讨会"}
    assert Glossary(TERMS, "zh").of("inattention") == {}


def test_a_glossary_can_be_used_in_both_directions():
    turned = Glossary(TERMS, "en")
    assert turned.of("注意力头可以看到。") == {"注意力头": "attention head"}
    assert turned.missed("注意力头可以看到。", "The attention heads can be seen.") == {}
    assert turned.missed("注意力头可以看到。", "The heads can be seen.") == {"注意力头": "attention head"}


def test_terms_can_be_said_in_place():
    assert Glossary(TERMS, "zh").said("The workshop is open.") == "The 研讨会 is open."


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(glossary).failed == 0
