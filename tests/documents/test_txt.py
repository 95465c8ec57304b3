"""Plain text: its paragraphs are found however its lines were broken."""

from tests.documents.samples import EN, ZH, outline, parse


def wrapped(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def test_lines_broken_to_a_width_are_one_paragraph():
    document = parse("\n\n".join(wrapped(text, 72) for text in EN), "a.txt")
    assert [text for _, _, text in outline(document)] == list(EN)


def test_chinese_lines_broken_to_a_width_are_joined_without_blanks():
    broken = "\n\n".join("\n".join(text[at : at + 30] for at in range(0, len(text), 30)) for text in ZH)
    assert [text for _, _, text in outline(parse(broken, "a.txt"))] == list(ZH)


def test_a_paragraph_a_line_as_chinese_texts_have_it():
    document = parse("第一章 港口\n" + "\n".join("　　" + text for text in ZH), "a.txt")
    assert outline(document) == [("heading", 1, "第一章 港口"), *(("paragraph", 0, text) for text in ZH)]
    assert document.place(document.text.index("泥沙")).heading == ("第一章 港口",)


def test_indented_first_lines_part_paragraphs_that_have_no_blank_line():
    text = "\n".join("    " + wrapped(paragraph, 70) for paragraph in EN)
    assert [text for _, _, text in outline(parse(text, "a.txt"))] == list(EN)


def test_verses_stay_lines():
    document = parse("The sand came in,\nthe ships went out,\nand nobody could say\nwhy.\n", "a.txt")
    assert len(document.blocks) == 4


def test_lists():
    document = parse("Stone:\n- granite\n- limestone\n1. first\n2) second\n（一）花岗岩\n3.5 metres\n", "a.txt")
    assert outline(document)[1:] == [
        ("list_item", 1, "granite"),
        ("list_item", 1, "limestone"),
        ("list_item", 1, "first"),
        ("list_item", 1, "second"),
        ("list_item", 1, "花岗岩"),
        ("paragraph", 0, "3.5 metres"),
    ]


def test_windows_line_breaks_and_encodings():
    for encoding in ("utf-8-sig", "gb18030", "utf-16", "utf-16-le"):
        document = parse("\r\n".join(ZH).encode(encoding), "a.txt")
        assert [text for _, _, text in outline(document)] == list(ZH), encoding


def test_a_million_blanks_are_no_trouble():
    assert len(parse(" " * 1_000_000 + "\n \t\na\n" + "\n" * 100_000 + "b" + " " * 1_000_000, "a.txt").blocks) == 2
