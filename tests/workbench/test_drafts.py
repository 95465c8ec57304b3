"""Where no language model is here, a small one that came along drafts translations, and says that it is one."""

from pathlib import Path

import pytest

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.events import Done, Item, Notice, collect
from llm_core.models.card import ModelCard, contents
from llm_core.settings import Settings
from llm_core.tasks.draft_writer import DraftWriter
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.segments import Segment
from llm_core.tasks.sentence_writer import Way
from llm_core.text.spans import Span
from llm_core.web.chat import picker
from llm_core.web.translate import pieces
from llm_core.workbench import Workbench
from tests.engines import tiny_folders

TEXT = "# w1 w2\n\nw3 w4 w5. w6 w7 w8.\n\n- w9 w10\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Marian with its card, as one that came along."""
    made = tiny_folders.translator(tmp_path_factory.mktemp("bundled") / "small-translator", "Marian")
    ModelCard(
        id="small-translator", title={"en": "Drafts", "zh": "草稿"}, tasks=("translate",), languages=("zh", "en"),
        parameters=100_000, licence="Apache-2.0", limits={"en": "Wrong.", "zh": "译不对。"}, **contents(made),
    ).write(made)  # fmt: skip
    return made


@pytest.fixture
def came_along(folder, monkeypatch):
    found = bundled.models.__wrapped__(folder.parent)
    monkeypatch.setattr(bundled, "models", lambda: found)


def opened(home: Path, **more) -> Workbench:
    return Workbench(Settings(home=home, offline=True, convert=False, **more))


@pytest.fixture
def bare(home_with_encoder):
    """A workbench without any language model."""
    for model in (home_with_encoder / "models").glob("*.gguf"):
        model.unlink()
    with opened(home_with_encoder) as workbench:
        yield workbench


def draft(folder: Path, text: str, settings: Settings, way: Way | None = None, terms: dict[str, str] | None = None):
    from llm_core.engines.ct2_translator import SentenceTranslator

    translator = SentenceTranslator(folder, settings.paths.conversions, 1, convert=False)
    segment = Segment(0, Span(0, len(text)), text, kept=False)
    writing = DraftWriter(translator, Glossary(terms or {}, "en"), "en").write([(segment, way or Way())])
    while True:
        try:
            next(writing)
        except StopIteration as end:
            return end.value[0]


@pytest.mark.usefixtures("came_along")
def test_a_draft_keeps_the_lines_and_says_that_it_is_one(bare):
    events = list(bare.translate(TEXT, to="zh"))
    assert [event.code for event in events if isinstance(event, Notice)] == ["model", "translation_draft"]
    assert len([event for event in events if isinstance(event, Item)]) == 4
    made = events[-1].result
    assert isinstance(events[-1], Done) and made.draft and made.to_json()["draft"]
    assert made.text.startswith("# ") and "\n\n- " in made.text and made.text.endswith("\n")
    assert all(pair.target or pair.doubts for pair in made.pairs)


@pytest.mark.usefixtures("came_along")
def test_the_page_says_so_for_as_long_as_the_draft_stands_there(bare, home_with_encoder):
    for _ in bare.translations.start("anna", TEXT, to="zh").watch():
        pass
    with opened(home_with_encoder) as later:
        work = later.translations.work("anna")
        assert "自制小模型的草稿，请核对" in pieces.work(work, None, "zh")
        for _ in later.translations.again("anna", 1).watch():
            pass
        assert later.translations.work("anna").draft


@pytest.mark.usefixtures("came_along")
def test_it_can_be_picked_beside_a_language_model_and_does_nothing_else(home_with_encoder):
    with opened(home_with_encoder, model="tiny", context_tokens=2048) as workbench:
        assert workbench.models.choice("translate").entry.id == "tiny"
        assert collect(workbench.translate("w1 w2 w3.", to="zh", model="small-translator")).draft
        offered = picker.choices(workbench.models, "en", tasks=picker.INSTRUCTED | {"translate"}, task="translate")
        assert ("Drafts", "small-translator") in offered
        assert ("Drafts", "small-translator") not in picker.choices(workbench.models, "en")
        with pytest.raises(UserError, match="model_not_writing"):
            workbench.models.choice("chat", "small-translator")


def test_without_either_it_is_said_that_no_model_is_here(bare, monkeypatch):
    monkeypatch.setattr(bundled, "models", tuple)
    with pytest.raises(UserError, match="model_missing"):
        collect(bare.translate(TEXT, to="zh"))


def test_a_long_sentence_is_read_to_its_end_in_parts(folder, settings):
    whole = draft(folder, "w1 w2 w3, w4 w5", settings)
    parts = draft(folder, ", ".join(f"w{n % 50} w{n % 7} w{n % 11}" for n in range(60)), settings)
    assert "parts" not in [doubt.kind for doubt in whole.doubts]
    assert "parts" in [doubt.kind for doubt in parts.doubts]


def test_a_sentence_that_the_model_is_not_sure_of_is_doubted(bare):
    for _ in bare.translations.start("anna", "此选项仅在Windows上可用。爷爷每个星期天都讲同一个故事。").watch():
        pass
    work = bare.translations.work("anna")
    known, unknown = (pair.to_json()["doubts"] for pair in work.pairs)
    assert known == [] and {"kind": "unsure", "words": [], "span": None} in unknown
    assert "模型自己对这句没有把握。" in pieces.work(work, None, "zh")
    assert "第2句：模型没有把握" in pieces.doubts(work, "zh")


def test_words_that_come_again_and_again_are_cut_and_doubted(folder, settings):
    looped = [made for n in range(12) if (made := draft(folder, f"w{n} w{n + 1} w{n + 2} w{n + 3}", settings)).doubts]
    found = [doubt for made in looped for doubt in made.doubts if doubt.kind == "repeat"]
    assert found, "random weights fall into loops"
    assert all(f"{doubt.words[0]} {doubt.words[0]} {doubt.words[0]}" not in made.target for made in looped
               for doubt in made.doubts if doubt.kind == "repeat")  # fmt: skip


def test_a_glossary_stands_in_the_sentence_or_as_a_mark():
    glossary = Glossary({"worker thread": "工作线程", "buffer": "缓冲区"}, "zh")
    sentence = "Each worker thread has a buffer."
    assert glossary.said(sentence) == "Each 工作线程 has a 缓冲区."
    assert glossary.held(sentence) == ("Each X1 has a X2.", {"X1": "工作线程", "X2": "缓冲区"})
