"""The bundled catalog keeps its promises: each file is described to the last byte, and each name is there."""

from __future__ import annotations

import re

from llm_core.catalog.hub import Hub
from llm_core.catalog.index import Index
from llm_core.catalog.recommended import builtin
from llm_core.messages import LANGUAGES
from llm_core.paths import safe_name


def test_every_model_is_described() -> None:
    for name, model in builtin().entries.items():
        assert safe_name(name) == name
        assert safe_name(model.file) == model.file
        assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert set(model.title) == set(model.limits) == set(LANGUAGES)
        assert model.sources
        assert model.licence


def test_the_parts_of_an_index_source_make_up_the_file() -> None:
    indexed = {}
    for model in builtin().entries.values():
        for source in model.sources:
            if isinstance(source, Index):
                indexed[model.id] = len(source.parts)
                ends = [part.start + part.bytes for part in source.parts]
                assert [0, *ends[:-1]] == [part.start for part in source.parts]
                assert ends[-1] == model.bytes
                assert all(re.fullmatch("[0-9a-f]{64}", part.sha256) for part in source.parts)
                assert len({part.wheel_sha256 for part in source.parts}) == len(source.parts)
    assert indexed == {
        "qwen2.5-coder-1.5b-instruct-q4_k_m": 22,
        "qwen2.5-coder-0.5b-instruct-q4_k_m": 6,
        "smollm2-135m-instruct-q4_1": 1,
    }


def test_the_hub_is_asked_for_one_revision_for_good() -> None:
    hubs = [source for model in builtin().entries.values() for source in model.sources if type(source) is Hub]
    assert len(hubs) == 5
    assert all(re.fullmatch("[0-9a-f]{40}", source.revision) for source in hubs)


def test_what_is_fetched_by_itself_goes_from_large_to_small() -> None:
    needs = [model.memory_bytes for model in builtin().fetch["chat"]]
    assert needs == sorted(needs, reverse=True)
    used = [model.id for model in builtin().use["chat"]]
    assert all(model.id in used for model in builtin().fetch["chat"])
