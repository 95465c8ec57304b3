"""A translated file is the same file in other words: what was bold, linked, listed or pictured still is."""

import io
import itertools
import re
import zipfile

import docx
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.documents.marks import placed
from llm_core.documents.reading import Reading
from llm_core.documents.rewrite import rewrite
from llm_core.events import collect
from llm_core.text.normalize import one_line
from tests.documents.samples import EN, ZH, outline, parse, pdf, word, word_with


def rewritten(data: bytes | str, name: str, new: dict[str, str]) -> bytes:
    """The file with the blocks that are keys of `new` replaced."""
    data = data.encode() if isinstance(data, str) else data
    document = parse(data, name)
    texts = {index: new[document.text_of(block)] for index, block in enumerate(document.blocks)
             if document.text_of(block) in new}  # fmt: skip
    assert len(texts) == len(new), [document.text_of(block) for block in document.blocks]
    return rewrite(data, document.format, name, texts, Reading())[1]


def shouted(document: Document) -> dict[int, str]:
    return {index: document.text_of(block).upper() for index, block in enumerate(document.blocks)}


# --- txt


def test_txt_keeps_its_indentation_bullets_blank_lines_and_line_breaks():
    source = "　　水深。\r\n\r\n- 花岗岩\r\n  2) 石灰岩\r\n\r\n\r\n尾。  \r\n"
    new = {"水深。": "Depth.", "花岗岩": "granite", "石灰岩": "limestone", "尾。": "End."}
    assert rewritten(source.encode("gb18030"), "a.txt", new).decode("gb18030") == (
        "　　Depth.\r\n\r\n- granite\r\n  2) limestone\r\n\r\n\r\nEnd.  \r\n"
    )


@pytest.mark.parametrize(
    ("encoding", "kept"),
    [("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("gb18030", "gb18030"), ("big5", "utf-8")],
)
def test_txt_keeps_its_encoding_where_that_holds_both_languages(encoding, kept):
    source = "這座港口是石頭的，當時的人們都這樣說。"
    assert rewritten(source.encode(encoding), "a.txt", {source: "“石” – é"}).decode(kept) == "“石” – é"


def test_what_is_not_given_stays():
    assert rewritten("One.\n\nTwo.\n", "a.txt", {"Two.": "二。"}) == "One.\n\n二。\n".encode()


# --- Markdown

MARKDOWN = """---
title: x
---
# The *harbour* and sand

**Note:** built of **granite** in `port.py`, see [torch](http://x.y/a_b "t") and [the report](r.md).

- one
  - two *three*

> quoted

| Year | Cost |
|:-----|-----:|
| 1893 | **4,000** |

```
code
```

![wall](w.png)
"""


def test_markdown_keeps_its_marks():
    new = {
        "The harbour and sand": "港口与泥沙",
        "Note: built of granite in port.py, see torch and the report.": "注意：用花岗岩建成，"
        "见port.py和torch，另有报告。",
        "one": "一",
        "two three": "二三",
        "quoted": "引用",
        "1893 | 4,000": "1893年 | 4,000",
        "wall": "墙",
    }
    assert (
        rewritten(MARKDOWN, "a.md", new).decode()
        == """---
title: x
---
# 港口与泥沙

**注意**：用花岗岩建成，见`port.py`和[torch](http://x.y/a_b "t")，另有报告。 [the report](r.md)

- 一
  - 二三

> 引用

| Year | Cost |
|:-----|-----:|
| 1893年 | **4,000** |

```
code
```

![墙](w.png)
"""
    )


words = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], codec="utf-8"), min_size=1, max_size=30)


@examples(deadline=None, max_examples=40)
@given(st.lists(words.filter(lambda text: text.strip()), min_size=4, max_size=4))
def test_no_words_of_a_translation_become_marks(new):
    source = "# One\n\nTwo *b*\n\n- Three\n\n| a | b |\n|---|---|\n| c | Four |\n"
    new = [" ".join(text.split()) or "x" for text in new]
    texts = {0: new[0], 1: new[1], 2: new[2], 4: f"c | {new[3].replace('|', '/')}"}
    result = rewrite(source.encode(), "md", "a.md", texts, Reading())[1]
    before, after = parse(source, "a.md"), parse(result, "a.md")
    assert [(b.kind, b.level) for b in after.blocks] == [(b.kind, b.level) for b in before.blocks]
    shown = [after.text_of(after.blocks[index]) for index in texts]
    assert shown == [one_line(text) for text in texts.values()]


# --- Word


def test_word_keeps_styles_runs_pictures_and_tables():
    data = word()
    new = {
        "The harbour and its sand": "港口与泥沙",
        "Note: " + EN[0]: "注意：" + ZH[0],
        "The depth is 7.5 metres.": "水深7.5米。",
        "granite": "花岗岩",
        "Year | Cost": "年份 | 费用",
        EN[2]: ZH[2],
    }
    result = rewritten(data, "a.docx", new)
    document = docx.Document(io.BytesIO(result))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts == ["港口与泥沙", "注意：" + ZH[0], "Depth", "水深7.5米。", "花岗岩", "limestone", "", ZH[2]]
    assert document.paragraphs[0].style.name == "Heading 1"
    assert document.paragraphs[4].style.name == "List Bullet"
    assert [(run.text, run.bold) for run in document.paragraphs[1].runs] == [("注意：", True), (ZH[0], None)]
    assert [(run.text, run.italic) for run in document.paragraphs[3].runs] == [
        ("水深", None), ("7.5", True), ("米。", None)]  # fmt: skip
    assert document.paragraphs[3].runs[1].font.size.pt == 14
    assert [cell.text for cell in document.tables[0].rows[0].cells] == ["年份", "费用"]
    assert len(document.inline_shapes) == 1
    assert media(data) == media(result)


def media(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist() if name.startswith("word/media/")]


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def rewritten_body(body: str, new: dict[str, str]) -> str:
    result = rewritten(word_with(body), "a.docx", new)
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        xml = archive.read("word/document.xml").decode()
    return re.sub(r' xmlns:\w+="[^"]*"| xml:space="preserve"|<w:rPr/>', "", xml.partition("<w:body>")[2])


def test_links_notes_formulas_and_bookmarks_stay():
    body = (
        '<w:p><w:bookmarkStart w:id="1" w:name="b"/>'
        + run("See ")
        + f'<w:hyperlink r:id="r5">{run("torch", "<w:u/>")}</w:hyperlink>'
        + run(" for the depth")
        + '<w:r><w:footnoteReference w:id="2"/></w:r>'
        + run(" of ")
        + "<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath>"
        + f'<w:del w:id="9">{run("gone")}</w:del>'
        + '<w:bookmarkEnd w:id="1"/></w:p>'
    )
    xml = rewritten_body(body, {"See torch for the depth of E=mc": "关于E=mc的深度，见torch。"})
    assert xml == (
        '<w:p><w:bookmarkStart w:id="1" w:name="b"/><w:r><w:t>关于</w:t></w:r>'
        "<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath><w:r><w:t>的深度，见</w:t></w:r>"
        '<w:hyperlink r:id="r5"><w:r><w:rPr><w:u/></w:rPr><w:t>torch</w:t></w:r></w:hyperlink>'
        '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>。</w:t></w:r><w:bookmarkEnd w:id="1"/></w:p>'
        "</w:body></w:document>"
    )


def test_a_link_whose_words_are_gone_stands_at_the_end():
    body = f'<w:p>{run("Read ")}<w:hyperlink r:id="r5">{run("the report")}</w:hyperlink>{run(" now.")}</w:p>'
    xml = rewritten_body(body, {"Read the report now.": "现在就读报告。"})
    assert (
        "现在就读报告。" in xml
        and '<w:hyperlink r:id="r5"><w:r><w:t>the report</w:t></w:r></w:hyperlink></w:p>' in xml
    )


def test_a_field_inside_becomes_text_and_one_that_goes_on_stays():
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    inside = mark.format("begin") + "<w:r><w:instrText>REF a</w:instrText></w:r>" + mark.format("separate")
    body = f"<w:p>{run('See ')}{inside}{run('Figure 1')}{mark.format('end')}</w:p>"
    assert "fldChar" not in rewritten_body(body, {"See Figure 1": "见图1"})
    body = f"<w:p>{inside}{run('Contents')}</w:p><w:p>{run('more')}{mark.format('end')}</w:p>"
    assert rewritten_body(body, {"Contents": "目录", "more": "更多"}).count("fldChar ") == 3


def test_a_text_box_is_translated_once_and_its_old_twin_goes():
    box = f"<w:txbxContent><w:p>{run('boxed')}</w:p></w:txbxContent>"
    both = f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    body = f"<w:p>{run('outer')}<w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r></w:p>"
    xml = rewritten_body(body, {"outer": "外", "boxed": "框"})
    assert "外" in xml and xml.count("框") == 1 and "boxed" not in xml and "Choice" in xml


def test_each_block_can_be_written_again_and_read_back():
    data = word()
    document = parse(data, "a.docx")
    result = rewrite(data, "docx", "a.docx", shouted(document), Reading())[1]
    assert outline(parse(result, "a.docx")) == [
        (kind, level, text.upper()) for kind, level, text in outline(document)
    ]


# --- everything else


def test_a_pdf_becomes_a_word_document_in_both_languages():
    data = pdf(
        [("h2", "1 Origins"), ("text", EN[0]), ("table", "Year|Cost;1893|4,000"), ("page", ""), ("text", EN[1])]
    )
    source = parse(data, "a.pdf")
    texts = {0: "一、缘起", 1: ZH[0], 2: "年份 | 费用", 4: ZH[1]}
    suffix, result = rewrite(data, "pdf", "a.pdf", texts, Reading())
    assert suffix == ".docx"
    document = docx.Document(io.BytesIO(result))
    shown = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]
    assert shown[:5] == [("Page", "1"), ("Heading 1", "一、缘起"), ("Source", "1 Origins"), ("Translation", ZH[0]),
                         ("Source", EN[0])]  # fmt: skip
    assert shown[-3:] == [("Page", "2"), ("Translation", ZH[1]), ("Source", EN[1])]
    cells = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert cells == [["年份\nYear", "费用\nCost"], ["1893", "4,000"]]
    assert len(source.blocks) == 5
    assert parse(result, "b.docx").blocks[1].kind == "heading"


def test_in_the_guard(tmp_path, settings):
    path = tmp_path / "upload"
    path.write_bytes(word())
    document = collect(guard.read(path, "report.docx", settings))
    result = collect(guard.rewrite(path, "x/report.docx", shouted(document), settings))
    assert result.name == "report.docx"
    assert parse(result.data, "a.docx").text == document.text.upper()
    path.write_bytes(pdf([("text", EN[0])]))
    assert collect(guard.rewrite(path, "paper.pdf", {0: ZH[0]}, settings)).name == "paper.docx"


# --- where marks go


@pytest.mark.parametrize(
    ("old", "marked", "new", "expected"),
    [
        ("Note: the sand", ["Note:"], "注意：泥沙", ["注意："]),
        ("Depth: 7.5 metres", ["7.5"], "水深：7.5米", ["7.5"]),
        ("use torch or Torch", ["torch", "Torch"], "用torch或Torch", ["torch", "Torch"]),
        ("all of it", ["all of it"], "全部", ["全部"]),
        ("a big wall", ["big"], "一道大墙", [None]),
        ("cost 4 of 14", ["4"], "14个里的4个", ["4"]),
        ("one, two", [","], "一，二", [None]),
    ],
)
def test_marks_follow_what_survives(old, marked, new, expected):
    spans, at = [], 0
    for text in marked:
        at = old.index(text, at)
        spans.append((at, at + len(text)))
    assert [span and new[span[0] : span[1]] for span in placed(spans, old, new)] == expected


@given(st.text("ab :一", max_size=12), st.text("ab :一", max_size=12), st.data())
def test_marks_never_overlap(old, new, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(old)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = sorted(span for span in placed(spans, old, new) if span)
    assert all(0 <= start <= end <= len(new) for start, end in found)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(found))
