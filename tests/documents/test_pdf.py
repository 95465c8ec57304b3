"""PDF: what a person reads on the page, in that order, with its page."""

import io

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from llm_core.errors import UserError
from tests.documents.samples import EN, SONG, ZH, drawn_pdf, hollow_pdf, outline, parse, pdf


def chapters(texts: tuple[str, ...], names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [block for name in names for block in [("h2", name), *(("text", text) for text in texts)]]


@pytest.mark.parametrize("columns", [1, 2])
def test_english(columns):
    names = ("1 Origins", "2 Depth", "3 Sand", "4 After", "5 Ships", "6 End")
    data = pdf(chapters(EN, names), columns=columns, header="Harbour Studies 12", title="The harbour and its sand")
    document = parse(data, "a.pdf")
    expected = [("heading", 1, "The harbour and its sand")]
    for name in names:
        expected += [("heading", 2, name), *(("paragraph", 0, text) for text in EN)]
    assert outline(document) == expected
    assert document.pages == 2 and document.pages_without_text == ()


@pytest.mark.parametrize("columns", [1, 2])
def test_chinese(columns):
    names = tuple(f"{number}、{name}" for number in "一二三" for name in ("缘起", "水深", "泥沙"))
    data = pdf(chapters(ZH, names), columns=columns, header="港口研究 第12期", title="港口与泥沙", chinese=True)
    document = parse(data, "a.pdf")
    expected = [("heading", 1, "港口与泥沙")]
    for name in names:
        expected += [("heading", 2, name), *(("paragraph", 0, text) for text in ZH)]
    assert outline(document) == expected
    assert document.language == "zh"


def test_pages():
    document = parse(pdf([("text", EN[0]), ("page", ""), ("text", EN[1]), ("page", ""), ("text", EN[2])]), "a.pdf")
    assert [document.place(document.text.index(text)).page for text in EN] == [1, 2, 3]
    assert document.page_starts == tuple(document.text.index(text) for text in EN)


def test_a_paragraph_that_goes_on_over_a_page_is_one():
    lines = [(72.0, 80.0, "The sand came in and nobody had foreseen how quickly it would fill the"),
             (72.0, 94.0, "This line stands above it and is as long as the others of the column here.")]  # fmt: skip
    more = [(72.0, 780.0, "mouth of the harbour; the cost of dredging rose every single year after.")]
    document = parse(drawn_pdf([lines, more]), "a.pdf")
    assert "it would fill the mouth of" in document.text
    assert document.place(document.text.index("fill")).page == 1
    assert document.place(document.text.index("mouth")).page == 2


def test_words_that_a_line_end_parted_are_whole_again():
    lines = [(72.0, 700.0, "The re-form was small. Nobody knew of the great har-"),
             (72.0, 686.0, "bour upstream, nor of the well-known sand and its re-"),
             (72.0, 672.0, "form, which came in the years of 1871-"),
             (72.0, 658.0, "1904 to an end.")]  # fmt: skip
    text = parse(drawn_pdf([lines]), "a.pdf").text
    assert text == ("The re-form was small. Nobody knew of the great harbour upstream, nor of the well-known sand "
                    "and its re-form, which came in the years of 1871-1904 to an end.")  # fmt: skip


def test_lists_captions_and_tables():
    table = "Year|Cost|Depth;1893|4,000|7.5;1904|19,500|6.1"
    blocks = [("text", EN[0]), ("table", table), ("text", "Table 1: Cost and depth"), ("text", "• granite"),
              ("text", "• limestone"), ("text", EN[1])]  # fmt: skip
    assert outline(parse(pdf(blocks), "a.pdf"))[1:-1] == [
        ("row", 0, "Year | Cost | Depth"),
        ("row", 0, "1893 | 4,000 | 7.5"),
        ("row", 0, "1904 | 19,500 | 6.1"),
        ("caption", 0, "Table 1: Cost and depth"),
        ("list_item", 1, "granite"),
        ("list_item", 1, "limestone"),
    ]


def test_running_heads_that_change_their_number_go_and_a_sentence_that_returns_stays():
    pages = [
        [(72.0, 800.0, f"Chapter 2 · {n}"), (72.0, 500.0, "The sand came in."), (72.0, 300.0, f"Part {n} is unlike."),
         (72.0, 200.0 + n * 9, "It stays."), (300.0, 30.0, f"- {n} -")]
        for n in range(1, 6)
    ]  # fmt: skip
    text = parse(drawn_pdf(pages), "a.pdf").text
    assert "Chapter" not in text and "- 3 -" not in text
    assert text.count("It stays.") == 5


def test_pages_without_text_are_counted():
    document = parse(drawn_pdf([[(72, 700, "The only words of this document stand here.")], [], []]), "a.pdf")
    assert (document.pages, document.pages_without_text) == (3, (2, 3))


def test_a_scan():
    with pytest.raises(UserError, match="document_scanned") as error:
        parse(drawn_pdf([[], []]), "a.pdf")
    assert error.value.facts == {"pages": 2}


def test_a_chinese_character_beyond_the_basic_plane_and_blanks_between_all():
    text = parse(
        drawn_pdf([[(72, 700, "这 座 港 口 分 三 期 建 成"), (72, 600, "姓\U00020bb7的人")]], font=SONG), "a.pdf"
    ).text
    assert text.startswith("这座港口分三期建成")
    assert "\U00020bb7" in text


def test_a_damaged_page_is_one_without_text():
    data = hollow_pdf(3, b"BT /F 12 Tf 72 700 Td (It stands here.) Tj ET")
    broken = data.replace(b"6 0 obj\n<</Type/Page/", b"6 0 obj\n<</Tipe/Pagg/")
    document = parse(broken, "a.pdf")
    assert document.pages == 3 and "It stands here." in document.text


def test_a_scan_whose_pages_have_a_printed_head_has_no_text_on_them():
    pages = [
        [(72.0, 700.0, "The text of the first page stands here alone."), (72.0, 800.0, "Archive of the harbour")]
    ]
    document = parse(drawn_pdf([*pages, *[[(72.0, 800.0, "Archive of the harbour")]] * 4]), "a.pdf")
    assert document.pages_without_text == (2, 3, 4, 5)


def test_the_head_of_a_chapter_of_one_page_goes_with_the_others():
    heads = ["Origins", "Origins", "Origins", "Depth", "Sand", "Sand", "Sand"]
    pages = [
        [(72.0, 800.0, head), (72.0, 700.0 - 20 * n, f"Page {n} says what no other does.")]
        for n, head in enumerate(heads)
    ]
    assert "Depth" not in parse(drawn_pdf(pages), "a.pdf").text


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_is_shown_turned_reads_as_it_is_shown(degrees):
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.setPageRotation(degrees)
    canvas.translate(*{90: (300, 100), 180: (400, 400), 270: (200, 700)}[degrees])
    canvas.rotate(degrees)
    for number, words in enumerate(("The sand came into the har-", "bour and nobody", "had foreseen it.")):
        canvas.drawString(0, -14 * number, words)
    canvas.save()
    assert parse(stream.getvalue(), "a.pdf").text == "The sand came into the harbour and nobody had foreseen it."


def test_the_dots_of_a_table_of_contents_go():
    page = [(72.0, 700.0, "1 Origins . . . . . . . . 3"), (72.0, 680.0, "2 Sand.............. 12")]
    assert outline(parse(drawn_pdf([page]), "a.pdf")) == [
        ("paragraph", 0, "1 Origins … 3"),
        ("paragraph", 0, "2 Sand … 12"),
    ]


def test_a_heading_keeps_its_number_and_a_number_has_its_depth():
    names = ("1. Origins", "1.1 Granite", "2. Sand")
    document = parse(pdf([block for name in names for block in (("h2", name), ("text", EN[0]))]), "a.pdf")
    assert [text for kind, _, text in outline(document) if kind == "heading"] == list(names)
