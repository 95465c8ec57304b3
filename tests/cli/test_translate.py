"""`translate` on a tiny real model: whatever it writes, lines and files keep their shape."""

import json
import zipfile

import pytest

MODEL = {"LLM_CORE_MODEL": "tiny", "LLM_CORE_CONTEXT_TOKENS": "2048"}


@pytest.fixture
def translate(run, home_with_encoder):
    def translate(*arguments, stdin="", **options):
        return run("translate", *arguments, stdin=stdin, LLM_CORE_HOME=home_with_encoder, **MODEL, **options)

    return translate


def test_a_text_keeps_its_paragraphs_and_says_what_is_doubtful(translate):
    ran = translate("--to", "zh", stdin="# 3\n\nThe boats came.\n\n- 12.5 kg\n")
    assert ran.code == 0
    lines = ran.out.split("\n")
    assert (lines[0], lines[1], lines[3], lines[4]) == ("# 3", "", "", "- 12.5 kg")
    assert "Sentence 2:" in ran.err


def test_each_line_has_its_line(translate, tmp_path):
    (tmp_path / "lines.txt").write_text("The boats came.\n\n12.5 kg\nThey left again. It rained.\n", "utf-8")
    ran = translate("--lines", "--to", "zh", str(tmp_path / "lines.txt"))
    assert ran.code == 0
    assert [bool(line) for line in ran.out.split("\n")] == [True, False, True, True, False]
    assert ran.out.split("\n")[2] == "12.5 kg"


def test_each_line_has_its_object(translate, tmp_path):
    (tmp_path / "lines.txt").write_text("船到了。\n12.5\n", "utf-8")
    ran = translate("--lines", "--json", str(tmp_path / "lines.txt"))
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [list(record) for record in records] == [["text", "doubts"]] * 2
    assert records[1] == {"text": "12.5", "doubts": []}


def test_each_line_goes_into_the_other_language_than_its_own(translate, tmp_path):
    (tmp_path / "terms.csv").write_text("boat,小船\n小船,boat\n", "utf-8")
    (tmp_path / "lines.txt").write_bytes("The boat came.\r\n小船到了。\r\n".encode())
    ran = translate("--lines", "--json", "--glossary", str(tmp_path / "terms.csv"), str(tmp_path / "lines.txt"))
    missed = [
        [doubt["words"] for doubt in json.loads(line)["doubts"] if doubt["kind"] == "term"]
        for line in ran.out.splitlines()
    ]
    assert missed == [[["boat", "小船"]], [["小船", "boat"]]]


def test_a_line_that_is_too_long_costs_only_itself(translate, tmp_path):
    (tmp_path / "lines.txt").write_text(f"12\n{'boat ' * 300}\n13\n", "utf-8")
    ran = translate("--lines", "--to", "zh", str(tmp_path / "lines.txt"), LLM_CORE_MESSAGE_CHARS_MAX=1000)
    assert ran.code == 2 and ran.out == "12\n\n13\n"
    assert ran.err.startswith("Line 2:") and "1,500" in ran.err


def test_json_says_where_each_sentence_stands(translate):
    source = "The boats came.\nThey left."
    record = json.loads(translate("--json", stdin=source).out)
    assert record["to"] == "zh"
    assert [source[one["start"] : one["end"]] for one in record["sentences"]] == ["The boats came.", "They left."]


def test_a_markdown_file_stays_one(translate, tmp_path):
    file, out = tmp_path / "boats.md", tmp_path / "boats.zh.md"
    file.write_text("# Boats\n\n- The first came.\n\n```\nprint(1)\n```\n", "utf-8")
    ran = translate(str(file), "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    written = out.read_text("utf-8")
    assert written.startswith("# ") and "\n\n- " in written and "```\nprint(1)\n```" in written


def test_a_word_file_stays_one(translate, tmp_path):
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("Boats")
    document.add_paragraph("The first came.")
    document.save(tmp_path / "boats.docx")
    ran = translate(str(tmp_path / "boats.docx"), "--out", str(tmp_path / "out.docx"))
    assert ran.code == 0, ran.err
    made = docx.Document(str(tmp_path / "out.docx"))
    assert [paragraph.style.name for paragraph in made.paragraphs] == ["Heading 1", "Normal"]
    assert zipfile.is_zipfile(tmp_path / "out.docx")


def test_another_kind_of_file_is_refused_before_the_work(translate, tmp_path):
    (tmp_path / "boats.md").write_text("The boats came.", "utf-8")
    ran = translate(str(tmp_path / "boats.md"), "--out", str(tmp_path / "boats.pdf"))
    assert ran.code == 2 and ".md" in ran.err
    assert not (tmp_path / "boats.pdf").exists()


def test_a_missed_term_is_named(translate, tmp_path):
    (tmp_path / "terms.csv").write_text("boat,小船\n", "utf-8")
    ran = translate("--json", "--glossary", str(tmp_path / "terms.csv"), stdin="The boats came.")
    doubts = json.loads(ran.out)["sentences"][0]["doubts"]
    assert {"kind": "term", "words": ["boat", "小船"], "span": None} in doubts


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("--to", "fr"), "The boats came.", "to cannot be “fr”"),
        (("--to", "zh"), "  \n", "There is no text here"),
        (("missing.docx",), "", "missing.docx"),
    ],
)
def test_what_cannot_be_translated_is_said(translate, arguments, stdin, said):
    ran = translate(*arguments, stdin=stdin)
    assert ran.code == 2 and said in ran.err and ran.out == ""


def test_a_broken_glossary_names_its_line(translate, tmp_path):
    (tmp_path / "terms.txt").write_text("boat = 小船\nworkshop\n", "utf-8")
    ran = translate("--glossary", str(tmp_path / "terms.txt"), stdin="The boats came.", language="zh")
    assert ran.code == 2 and "术语表第2行" in ran.err
