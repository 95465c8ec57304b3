"""Every character of a document has its place, and a document survives being stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.documents.document import CELL_GAP, KINDS, Document, split_cells
from llm_core.documents.languages import document_language
from llm_core.documents.reading import Limits, Reading, Turn
from llm_core.errors import UserError
from tests.documents import samples


def small() -> Document:
    reading = Reading()
    reading.pages = 4
    reading.pages_without_text = [2]
    reading.add("Harbours", "heading", 1, (Turn(0, 1),))
    reading.add("Built of granite.", pages=(Turn(0, 1),))
    reading.add("Sand", "heading", 2, (Turn(0, 1),))
    reading.add("It came in eleven years and stayed.", pages=(Turn(0, 1), Turn(11, 3)))
    reading.add("1893 | 4,000", "row", pages=(Turn(0, 3),))
    reading.add("1904 |  | x", "row", pages=(Turn(0, 3),))
    reading.add("Ships", "heading", 1, (Turn(0, 3),))
    return reading.document("harbour.pdf", "pdf")


def test_a_character_is_looked_up_as_a_person_would():
    document = small()
    place = document.place(document.text.index("granite"))
    assert (place.page, place.heading, place.paragraph) == (1, ("Harbours",), 1)
    place = document.place(document.text.index("came"))
    assert (place.page, place.heading, place.paragraph) == (1, ("Harbours", "Sand"), 2)
    assert document.place(document.text.index("eleven")).page == 3, (
        "a paragraph that goes on over a page without text"
    )
    assert document.place(document.text.index("Sand")).heading == ("Harbours", "Sand")
    assert document.place(document.text.index("Ships")).heading == ("Ships",)
    assert document.place(len(document.text)).page == 4
    for wrong in (-1, len(document.text) + 1):
        with pytest.raises(IndexError):
            document.place(wrong)


def test_pages_begin_where_their_text_does():
    document = small()
    third = document.text.index("eleven")
    assert document.page_starts == (0, third, third, len(document.text))


def test_rows_have_cells():
    document = small()
    block = document.blocks[5]
    assert [document.text[a:b] for a, b in document.cells(block)] == ["1904", "", "x"]
    assert document.cells(document.blocks[1]) == [(document.blocks[1].start, document.blocks[1].end)]
    assert split_cells("a | b", 3) == ["a", "b", ""]
    assert split_cells("a|b | c", 2) == ["a", "b c"]


def test_blocks_of_one_kind():
    assert [index for index, _ in small().parts(("heading",))] == [0, 2, 6]


def test_it_can_be_stored():
    document = small()
    assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document


kinds = st.sampled_from(KINDS)
blocks = st.lists(st.tuples(st.text(max_size=12), kinds, st.integers(1, 6)), max_size=30)


@given(blocks)
def test_blocks_cover_the_text_in_order(blocks):
    reading = Reading()
    kept = [text for text, kind, level in blocks if reading.add(text, kind, level) >= 0]
    if not kept:
        with pytest.raises(UserError, match="document_empty"):
            reading.document("x.txt", "txt")
        return
    document = reading.document("x.txt", "txt")
    assert [document.text_of(block) for block in document.blocks] == kept
    at = 0
    for index, block in enumerate(document.blocks):
        assert set(document.text[at : block.start]) <= {"\n"}
        assert document.block_at(block.start) == index
        at = block.end
    assert at == len(document.text)
    assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document


def test_a_text_that_is_too_long_is_stopped_while_it_is_read():
    reading = Reading(Limits(chars_max=100))
    reading.add("x" * 90)
    with pytest.raises(UserError, match="document_too_long"):
        reading.add("y" * 9)


def test_only_pictures_is_said_before_anything_else():
    reading = Reading()
    reading.pages = 12
    with pytest.raises(UserError, match="document_scanned") as error:
        reading.document("scan.pdf", "pdf")
    assert error.value.facts == {"pages": 12}


def test_progress_is_not_told_more_often_than_anyone_can_see():
    told = []
    reading = Reading(report=lambda done, total: told.append(done))
    for page in range(1000):
        reading.say(page, 1000)
    reading.say(1000, 1000)
    assert told[-1] == 1000 and len(told) < 100


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (" ".join(samples.EN), "en"),
        ("".join(samples.ZH), "zh"),
        ("Kubernetes, Docker, Podman", "en"),
        ("Le port a été bâti en trois étapes, où chaque étape a laissé derrière elle une pierre différente; l'entrée "
         "était trop étroite à marée basse pour les grands navires que voulaient les marchands de la ville haute.",
         None),
        ("De haven is in drie fasen gebouwd, en elke fase liet een ander soort steen achter. De oudste muur is van "
         "graniet, per schip aangevoerd uit een groeve die veertig kilometer stroomopwaarts ligt van hier.", None),
        ("Порт строили в три этапа, и каждый этап оставил после себя камень другого рода.", None),
        ("港は三期に分けて建設され、それぞれの時期に異なる石が残された。最も古い壁は花崗岩である。", None),
        ("항구는 세 단계로 지어졌으며 각 단계마다 다른 종류의 돌을 남겼다.", None),
        ("12 34 56", None),
    ],
)  # fmt: skip
def test_the_language_of_a_document(text, language):
    assert document_language(text) == language


def test_a_cell_never_holds_the_gap():
    for data, name in (("|a|b|\n|-|-|\n|x \\| y|z|\n", "t.md"), ("<table><tr><td>x | y<td>z</table>", "t.html")):
        document = samples.parse(data, name)
        assert document.text_of(document.blocks[-1]).count(CELL_GAP) == 1
