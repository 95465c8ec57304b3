"""Parts of the Train tab that need no browser: curves, numbers, commands, downloads."""

import io
import json
import shlex
import zipfile
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.models.card import ModelCard
from llm_core.settings import Settings
from llm_core.training import label_scores
from llm_core.training.config import Source, TrainConfig
from llm_core.training.folds import summary
from llm_core.training.samples import SAMPLES
from llm_core.training.state import State
from llm_core.web.train import (
    beginning,
    card,
    downloads,
    draft,
    example_report,
    label_report,
    learning,
    previews,
    results,
    run_pieces,
)
from llm_core.web.train.curves import BUCKETS_MAX, Curve, Learned, Reader
from llm_core.web.train.form import KNOBS, Form, Upload, standing
from llm_core.workbench import Workbench
from llm_core.workbench.beginnings import beginnings
from llm_core.workbench.exports import Offer
from llm_core.workbench.previewing import Preview
from llm_core.workbench.runs import Runs

COLUMNS = [f"column_{number}" for number in range(4)]


def update(step: int, loss: float = 1.0) -> dict[str, float]:
    return {"step": step, "loss": loss, "learning_rate": 0.1, "gradient_norm": 1.0, "tokens_per_second": 9.0}


def look(step: int, text: str = "a") -> dict[str, object]:
    return {"step": step, "valid_loss": 2.0, "bits_per_char": 1.0, "samples": [text], "extra": {}}


def test_a_long_curve_keeps_its_extremes_its_ends_and_its_order():
    curve, steps = Curve(), 50_000
    for step in range(1, steps + 1):
        curve.add(step, 100.0 if step == 12_345 else -7.0 if step == 23_456 else 1.0 / step)
    points = curve.points()
    assert len(points) <= 2 * BUCKETS_MAX
    assert {(12_345, 100.0), (23_456, -7.0)} <= set(points)
    assert [step for step, _ in points] == sorted(step for step, _ in points)
    assert points[0][0] == 1
    assert points[-1][0] > steps * 0.99


def test_steps_that_are_done_again_are_noticed():
    learned = Learned()
    assert learned.add([update(1), update(2), look(2)])
    assert learned.points("valid_loss") == [(2, 2.0)]
    assert learned.add([update(3)])
    assert not learned.add([update(3)])


def test_a_run_that_went_back_is_read_from_the_start(settings: Settings):
    folder = settings.paths.run("x")
    folder.mkdir(parents=True)
    State("training", created=1.0).write(folder)
    config = TrainConfig(name="x", family="rnn", sources=(Source(sample="stories-en"),), budget={"steps": 9})
    (folder / "config.json").write_text(config.model_dump_json(), "utf-8")
    reader = Reader(Runs(settings))

    def write(*lines: dict[str, object]) -> list[tuple[int, float]]:
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return reader.learned("", "x").points("loss")

    assert write(update(1), update(2, 5.0)) == [(1, 1.0), (2, 5.0)]
    assert write(update(1), update(2, 6.25), update(3, 2.0)) == [(1, 1.0), (2, 6.25), (3, 2.0)]


def test_numbers_are_one_row_a_step():
    rows = card.numbers([update(1), update(2), look(2)]).splitlines()
    assert rows[0].split(",")[:5] == ["step", "seconds", "tokens", "loss", "valid_loss"]
    assert [row.split(",")[0] for row in rows[1:]] == ["1", "2"]
    assert rows[2].split(",")[3:5] == ["1.0", "2.0"]


def test_the_command_is_safe_to_paste_and_names_no_place_of_this_server():
    config = TrainConfig(
        name="fox",
        family="lstm",
        sources=(Source(path=Path("/srv/runs/x/text/00-a b;c.txt"), origin="a b;c.txt"),),
        budget={"seconds": 60},
    )
    words = shlex.split(card.command(config))
    assert words[words.index("--text") + 1] == "a b;c.txt"
    assert "/srv" not in card.command(config) + card.call(config)
    assert words[words.index("--seconds") + 1] == "60"


def test_what_was_typed_reaches_the_plan():
    names = [
        "samples",
        "files",
        "paste",
        "cleaning",
        "kind",
        "vocabulary",
        "family",
        "size",
        "objective",
        "start",
        "adapter",
        "rank",
        "apart",
        "thumbs",
        "folds",
        "minutes",
        "name",
        *COLUMNS,
        *KNOBS,
    ]
    typed = {"learning_rate": " 0.01 ", "layers": "2", "updates": "30"}
    values = [("stories-en",), (), "", ["normalise", "personal"], "char", "", "rnn", "",
              "label", "", True, "16", True, False, "3", 3, " me ", "", "", "mood", None,
              *(typed.get(knob, "") for knob in KNOBS)]  # fmt: skip
    planned = Form.of(names, values).plan({})
    assert (planned["name"], planned["steps"], planned["seconds"]) == ("me", 30, None)
    assert (planned["more"]["objective"], planned["more"]["folds"]) == ("label", "3")
    assert planned["more"]["optimize"] == {"learning_rate": "0.01"}
    assert planned["more"]["shape"] == {"layers": "2"}
    assert planned["more"]["adapter"] == {"rank": 16, "alpha": 32.0, "merge": False}
    assert planned["columns"] == ("", "", "mood", "")
    assert planned["more"]["cleaning"] == {"personal": True, "deduplicate": False}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_text_to_begin_with_is_in_the_language_of_the_page(language: Language):
    (name,) = standing(language).samples
    assert SAMPLES[name].languages == (language,)


def test_what_cleaning_changed_is_marked_and_markup_is_only_text():
    change = {"before": ["see <b>x</b> & 1"], "after": ["see x & 1"], "steps": ["noise"], "dropped": None}
    html = previews.changes(Preview([change], "", [], {}, [], True), "en")
    assert "<del>&lt;b&gt;</del>" in html.replace("</del><del>", "")
    assert "<b>" not in html


def test_only_what_fits_a_family_is_offered_and_kept():
    asked = Form(family="decoder", objective="preference", start="mine", adapter=True, folds="5")
    here = ["mine", "decoder-zh-en"]
    fit = beginning.fitted(asked, here)
    assert (fit.objective, fit.start, fit.adapter, fit.folds) == ("preference", "mine", True, "")
    assert beginning.fitted(asked, here[1:]).start == "decoder-zh-en"  # another one's run is none of the choices
    fit = beginning.fitted(replace(asked, family="lstm", objective="label", start="mine"), here)
    assert (fit.objective, fit.start, fit.adapter, fit.folds) == ("label", "", False, "5")
    assert beginning.fitted(replace(asked, family="vae"), []) == Form(family="vae")
    fit = beginning.fitted(replace(asked, family="encoder", objective="label", start="none"), ["e5-zh-en"])
    assert (fit.objective, fit.start) == ("label", "none")


def test_a_run_begins_with_own_runs_and_with_what_is_here(settings: Settings):
    with Workbench(settings) as workbench:
        runs = workbench.runs.list("")
    assert "decoder-zh-en" in beginnings(settings, runs, "decoder")
    assert beginnings(settings, runs, "encoder")[0] == "e5-zh-en"
    assert beginnings(settings, runs, "seq2seq") == []
    settings.paths.models.mkdir(parents=True)
    (settings.paths.models / "mine.gguf").touch()
    assert "mine" in beginnings(settings, runs, "decoder")
    assert "mine" not in beginnings(settings.model_copy(update={"host": "0.0.0.0"}), runs, "decoder")


def test_tuning_is_found_again_in_the_command():
    config = TrainConfig(
        name="fox", family="decoder", objective="chat", start="decoder-zh-en", adapter={},
        sources=(Source(path=Path("talk.jsonl")),), budget={"steps": 5},
    )  # fmt: skip
    command = card.command(config)
    assert "--set 'objective=\"chat\"'" in command and "--set 'start=\"decoder-zh-en\"'" in command
    assert "adapter.rank=8" in command and "adapter.merge=true" in command


def test_a_finished_model_shows_its_scores_its_limits_and_the_ways_that_are_open(settings: Settings):
    with Workbench(settings) as workbench:
        decoder = workbench.exports.offer("", "decoder-zh-en")
    closed = UserError("export_family", family="bert", known="llama"), UserError("export_not_vllm", family="bert")
    encoder = Offer(ModelCard.read(bundled.FOLDER / "e5-zh-en"), *closed)
    scores = {
        "evaluation": {"perplexity": 9.5, "distinct": [0.5, 0.92, 1.0]},
        "privacy": {
            "advice": [["privacy.recites", {"n": 1, "tried": 60}]], "examples": ["<b>secret</b>"],
            "held_out_tried": 60, "held_out_recited": 0,
        },
    }  # fmt: skip
    html = results.shown(decoder, scores, str, "en", pushes=False)
    assert 'data-do="gguf"' in html and "vllm serve" in html
    assert "9.5" in html and "50%, 92%, 100%" in html
    assert "recited 1 of 60" in html and "&lt;b&gt;secret" in html and "<b>secret" not in html
    assert escape(decoder.card.limits["zh"]) in results.shown(decoder, {}, str, "zh", pushes=False)
    html = results.shown(encoder, {}, str, "en", pushes=True)
    assert 'data-do="gguf"' not in html and "vllm serve" not in html
    assert 'data-do="privacy"' not in html  # it writes nothing


@pytest.mark.parametrize("kept", [True, False])
def test_self_feedback_says_whether_it_was_kept(settings: Settings, kept: bool):
    with Workbench(settings) as workbench:
        offer = workbench.exports.offer("", "decoder-zh-en")
    found = {"before": 8.04, "after": 8.53, "prompts": 18, "kept": kept, "measure": "chrF", "method": "dpo"}
    html = results.shown(offer, {"feedback": found}, str, "en", pushes=False)
    assert "8.04" in html and "8.53" in html
    assert ("was kept" in html, "as it was" in html) == (kept, not kept)


def test_labels_are_reported_by_class_with_what_is_taken_for_what_and_folds():
    right = ["a", "a", "<b>", "<b>"]
    report = label_scores.report(["a", "<b>", "<b>", "<b>"], right)
    html = label_report.shown(
        {"moods": report, "cross_validation": {"folds": 2, **summary([{"moods": report}] * 2)}}, str, "en"
    )
    assert "75.0%" in html and "66.7" in html
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert 'class=right style="--share:50%">1<' in html
    assert "75.0 ± 0.0" in html
    assert label_report.shown({"valid_loss": 1.0}, str, "en") == ""


def test_a_ticket_for_gguf_sends_the_file_and_the_modelfile_and_leaves_nothing(settings: Settings):
    with Workbench(settings) as workbench:
        client = TestClient(Starlette(routes=downloads.routes(workbench)))
        sent = client.get(downloads.ticket("", "decoder-zh-en", "gguf"))
        assert {Path(name).name for name in zipfile.ZipFile(io.BytesIO(sent.content)).namelist()} == {
            "decoder-zh-en.gguf",
            "Modelfile",
        }
        assert not list(settings.home.glob("gguf-*"))


@pytest.mark.parametrize("way", ["once", "unknown", "not there"])
def test_a_ticket_holds_once_and_for_one_model(settings: Settings, way: str):
    with Workbench(settings) as workbench:
        client = TestClient(Starlette(routes=downloads.routes(workbench)))
        if way == "unknown":
            assert client.get(f"{downloads.PATH}/anything").status_code == 404
            return
        name = "decoder-zh-en" if way == "once" else "nobody's"
        address = downloads.ticket("", name)
        first = client.get(address)
        assert first.status_code == (200 if way == "once" else 409)
        assert client.get(address).status_code == 404
        if way == "once":
            assert "decoder-zh-en/card.json" in zipfile.ZipFile(io.BytesIO(first.content)).namelist()


def test_what_is_learned_follows_the_sample_and_the_samples_what_is_learned():
    form = learning.toggled(standing("en"), "sentiment-zh-en")
    assert (form.family, form.objective, form.samples) == ("encoder", "label", ("sentiment-zh-en",))
    assert learning.toggled(form, "intent-zh-en").samples == ("sentiment-zh-en", "intent-zh-en")
    assert learning.toggled(replace(form, family="lstm"), "intent-zh-en").family == "lstm"
    assert learning.toggled(form, "sentences-zh-en").family == "seq2seq"
    back = learning.toggled(learning.toggled(form, "sentences-zh-en"), "stories-zh")
    assert (back.family, back.objective, back.samples) == ("decoder", "", ("stories-zh",))
    assert learning.toggled(form, "sentiment-zh-en").samples == ()
    assert learning.with_texts(replace(form, objective="tags"), "en").samples == ("names-zh-en",)
    assert learning.with_texts(replace(form, objective=""), "zh").samples == ("stories-zh",)
    assert learning.with_texts(replace(form, objective="tags", paste="mine"), "zh").samples == ()


def test_whatever_is_learned_there_is_a_sample_of_it_that_suits():
    for family, objectives in beginning.LEARNED.items():
        for objective in objectives:
            form = learning.with_texts(replace(standing("en"), family=family, objective=objective), "en")
            assert form.samples, objective
            assert learning.unfit(form) is None
            for language in ("en", "zh"):
                told = learning.needs(form, language)
                assert ("<details" in told) == bool(objective)


def test_files_show_what_they_are_for_and_what_is_still_to_be_chosen(tmp_path: Path):
    def form(name: str, text: str, **more: object) -> Form:
        (tmp_path / name).write_text(text, encoding="utf-8")
        brought = learning.brought(Form(samples=(), files=(Upload(tmp_path / name),)))
        return replace(brought, **more)

    labelled = form("a.csv", "review,mood\nlovely,good\n", family="encoder", objective="label")
    assert learning.unfit(labelled) == (
        "learn.column_missing", {"name": "a.csv", "role": "label", "there": "review, mood"}
    )  # fmt: skip
    assert learning.unfit(replace(labelled, columns=("review", "", "mood"))) is None
    assert form("b.csv", "text,label\nlovely,good\n").objective == "label"
    assert form("c.jsonl", '{"messages": []}\n').objective == "chat"
    assert form("d.csv", "zh,en\n好,good\n").family == "seq2seq"
    assert form("e.txt", "text,label\n").objective == ""
    assert learning.unfit(form("f.txt", "words", objective="tags", family="encoder")) == ("learn.needs_tags", {})
    assert learning.unfit(Form(samples=(), objective="preference", thumbs=True)) is None


def test_what_was_filled_in_is_found_again_but_no_path_comes_from_a_browser():
    form = Form(samples=("sentiment-zh-en",), family="encoder", objective="label", start="none", minutes=10,
                cleaning=("noise",), adapter=True, rank="16", apart=True, name="me",
                knobs=(("updates", "30"),))  # fmt: skip
    assert draft.read(draft.kept(form), standing("en")) == (form, [])
    with_file = replace(form, files=(Upload(Path("/srv/secret.txt"), "mine"),), columns=("a",))
    assert "/srv" not in draft.kept(with_file)
    assert draft.read(draft.kept(with_file), standing("en")) == (form, ["secret.txt"])
    assert set(draft.values(form)) >= {"paste", "minutes", "apart", *KNOBS}


@pytest.mark.parametrize(
    "written",
    ["", "no json", "[1]", "null", '"x"', '{"family": "../x", "minutes": "3", "samples": ["x", 1], "knobs": [1]}',
     '{"files": [{"path": "/etc/passwd"}], "paste": 5, "cleaning": "all", "name": null, "adapter": "yes"}'],
)  # fmt: skip
def test_a_draft_that_makes_no_sense_is_none(written: str):
    form, lost = draft.read(written, standing("en"))
    assert replace(form, samples=standing("en").samples) == standing("en")
    assert lost == []


def test_names_answers_and_pairs_have_a_report_of_their_own():
    figures = {"precision": 90.0, "recall": 80.0, "f1": 84.7}
    tags = {"names": {"texts": 9, **figures, "types": {"<b>": figures}}}
    html = example_report.shown(tags, "en")
    assert "84.7" in html and "&lt;b&gt;" in html and "<b>" not in html
    assert "61.5%" in example_report.shown({"recall@1": 61.5, "em.reading": 70.0}, "zh")
    assert example_report.shown({"classes": {}}, "en") == example_report.shown({"accuracy": 1.0}, "en") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_loss_says_what_it_is_counted_by(settings: Settings, language: Language):
    folder = settings.paths.run("x")
    folder.mkdir(parents=True)
    State("done", created=1.0, valid_loss=0.5).write(folder)
    config = TrainConfig(
        name="x", family="encoder", objective="label", sources=(Source(sample="intent-zh-en"),), budget={"steps": 9}
    )
    (folder / "config.json").write_text(config.model_dump_json(), "utf-8")
    run, learned = Runs(settings).get("", "x"), Learned()
    learned.add([{**look(3), "extra": {"accuracy": 75.0}}])
    large, *_ = run_pieces.charts(learned, run, {}, language)
    assert large is not None and run_pieces.per(run, language) in large["caption"]
    assert "每个词元" not in large["caption"] and "token" not in large["caption"]
    head = run_pieces.head(run, learned, language)
    assert "75.0" in head
    assert ("perplexity" in head, "困惑度" in head) == (False, False)
