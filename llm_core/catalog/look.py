"""Look a model up by its id, at the Hub, a mirror of it or ModelScope: what there is, before anything is fetched."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote

from llm_core.catalog import asking, places, repository, transformers_folder
from llm_core.catalog.repository import RemoteFile, Repository
from llm_core.errors import UserError
from llm_core.events import Event
from llm_core.paths import safe_name
from llm_core.settings import Settings

log = logging.getLogger(__name__)

Looking = Generator[Event, None, Repository]
UNKNOWN = (401, 403, 404)
GATED = "GatedRepo"
LICENCE_CHARS = 60
LITTLE = ("no_source_chosen", "hub_silent", "hub_unknown")  # what says least first


def look(entered: str, settings: Settings) -> Looking:
    """What the repository holds that can be taken.

    Args:
        entered: OWNER/NAME, or the address of its page.
        settings: where to ask, in this order: the Hub, its mirror, ModelScope, as far as they may be asked.

    Raises:
        UserError: `hub_id_unusable`, `offline`, `hub_unknown`, `hub_gated`, `hub_silent`, `hub_only_pickle`,
            `hub_no_weights`, `hub_remote_code`, `hub_family_unknown`, `hub_model_big`.
    """
    name = repository.repository_id(entered)
    if not name:
        raise UserError("hub_id_unusable", name=entered[:80])
    if settings.offline:
        raise UserError("offline", name=name)
    asked = places.read(settings)
    ways = [
        ("hub", settings.hub_endpoint.rstrip("/"), _at_hub),
        ("mirror", asked.mirror, _at_hub),
        ("modelscope", settings.modelscope_endpoint.rstrip("/"), _at_modelscope),
    ]
    error = UserError("no_source_chosen", name=name)
    for kind, base, way in ways:
        if not asked.asks(kind):
            continue
        try:
            return (yield from way(name, kind, base, settings))
        except UserError as failed:
            log.info("%s at %s: %s", name, kind, failed.code)
            # That it is gated or holds nothing to take says more than that another does not know it.
            error = failed if _telling(failed) > _telling(error) else error
    raise error


def _telling(error: UserError) -> int:
    return LITTLE.index(error.code) if error.code in LITTLE else len(LITTLE)


def of_card(card: Mapping[str, Any], kind: str, settings: Settings) -> Repository:
    """What a card offers, of another workbench or of a packed folder.

    Raises:
        UserError: `hub_no_weights`, `hub_family_unknown`, `hub_model_big`, `name_unusable`.
    """
    name = safe_name(str(card.get("id", "")))
    files = list(repository.of_card(card))
    return _repository(name, "", kind, card.get("licence"), files, {"model_type": card.get("family")}, 0, settings)


def _at_hub(name: str, kind: str, base: str, settings: Settings) -> Looking:
    told = yield from _told(f"{base}/api/models/{name}?blobs=true", name, base, settings)
    if told.get("gated"):
        raise UserError("hub_gated", name=name, hub=base)
    revision = str(told.get("sha") or "main")
    files = list(repository.of_hub(told))
    card = told.get("cardData")
    licence = card.get("license") if isinstance(card, dict) else None
    parameters = told.get("safetensors")
    count = parameters.get("total") if isinstance(parameters, dict) else 0
    config = yield from _config(f"{base}/{name}/resolve/{quote(revision)}", name, base, files, settings)
    return _repository(name, revision, kind, licence, files, config, count, settings)


def _at_modelscope(name: str, kind: str, base: str, settings: Settings) -> Looking:
    url = f"{base}/api/v1/models/{name}"
    told = yield from _told(f"{url}/repo/files?Revision=master&Recursive=true", name, base, settings)
    files = list(repository.of_modelscope(told))
    about = yield from _told(url, name, base, settings)
    data = about.get("Data")
    licence = data.get("License") if isinstance(data, dict) else None
    config = yield from _config(f"{base}/models/{name}/resolve/master", name, base, files, settings)
    return _repository(name, "master", kind, licence, files, config, 0, settings)


def _config(
    base: str, name: str, hub: str, files: list[RemoteFile], settings: Settings
) -> Generator[Event, None, dict[str, Any]]:
    """Its config.json, where there are safetensors that need one."""
    if repository.folder_variant(files, 0) is None:
        return {}
    url = f"{base}/{transformers_folder.CONFIG}"
    return (yield from _told(url, name, hub, settings, transformers_folder.CONFIG_BYTES_MAX))


def _told(
    url: str, name: str, hub: str, settings: Settings, bytes_max: int = asking.JSON_BYTES_MAX
) -> Generator[Event, None, dict[str, Any]]:
    try:
        told = yield from asking.json_at(url, settings, bytes_max)
    except asking.Failed as failed:
        log.info("%s", failed)
        code = "hub_gated" if failed.code == GATED else "hub_unknown" if failed.status in UNKNOWN else "hub_silent"
        raise UserError(code, name=name, hub=hub) from failed
    if not isinstance(told, dict):
        raise UserError("hub_silent", name=name, hub=hub)
    return told


def _repository(
    name: str, revision: str, kind: str, licence: object, files: list[RemoteFile], config: Mapping[str, Any],
    parameters: object, settings: Settings,
) -> Repository:  # fmt: skip
    family, tasks = transformers_folder.described(config, chats=True)
    variants = repository.gguf_variants(files)
    folder = repository.folder_variant(files, parameters if isinstance(parameters, int) and parameters > 0 else 0)
    problem = None
    if folder:
        if transformers_folder.asks_for_code(config):
            problem = UserError("hub_remote_code", name=name)
        elif not transformers_folder.known_family(family):
            problem = UserError("hub_family_unknown", name=name, family=family or "?")
        else:
            variants.insert(0, folder)
    if not variants:
        raise problem or repository.refusal(name, files)
    limit = settings.hub_model_bytes_max
    fitting = tuple(variant for variant in variants if variant.bytes <= limit)
    if not fitting:
        raise UserError("hub_model_big", name=name, size=variants[0].bytes, limit=limit)
    told = ", ".join(map(str, licence)) if isinstance(licence, list) else licence if isinstance(licence, str) else ""
    return Repository(name, revision, kind, told[:LICENCE_CHARS], fitting, family, tasks)
