"""A model taken elsewhere: as a folder, a zip that is written while it is sent, a GGUF file with Ollama's Modelfile,
to the Hub, or as the command that serves it with vLLM. Reads Transformers folders; loads no torch.
"""

from __future__ import annotations

import json
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_core import atomic
from llm_core.errors import UserError
from llm_core.models.card import CARD_FILE, ModelCard
from llm_core.models.chat_template import GO_TEMPLATE, OWN_MARK
from llm_core.models.gguf_write import check_family, read_vocabulary

VLLM_FAMILIES = frozenset({"llama", "qwen2", "qwen3"})
README_FILE = "README.md"
CHATML = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
REASON_CHARS = 300


def files(folder: Path) -> list[Path]:
    """What belongs to the model in `folder`: no hidden file, no folder below it."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def zipped(folder: Path, name: str) -> Iterator[bytes]:
    """A zip of the model, piece by piece as it is made: neither in memory nor on the disk a second time.

    Args:
        folder: of the model.
        name: of the folder within the zip.
    """
    sink: Any = _Sink()  # all that a zip needs that is only written
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in files(folder):
            entry = zipfile.ZipInfo.from_file(path, f"{name}/{path.name}")
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(atomic.CHUNK_BYTES):
                    target.write(chunk)
                    yield sink.taken()
        if page := readme(folder):
            archive.writestr(f"{name}/{README_FILE}", page)
    yield sink.taken()


def copied(folder: Path, out: Path) -> Path:
    """The model in a folder of its own, with a page that says what it is.

    Raises:
        UserError: `export_exists`, something stands there; `disk_full`.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("export_exists", path=str(out))
    out.mkdir(parents=True, exist_ok=True)
    with atomic.disk_errors(out):
        for path in files(folder):
            shutil.copyfile(path, out / path.name)
        (out / README_FILE).write_text(readme(folder), "utf-8")
    return out


def readme(folder: Path) -> str:
    """The model's card as the Hub shows it."""
    try:
        card = ModelCard.read(folder)
    except (OSError, ValueError):
        return ""
    head = {"library_name": "transformers", "language": list(card.languages), "tags": list(card.tasks)}
    lines = ["---", *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()), "---", ""]
    for language in ("en", "zh"):
        title, limits = card.title.get(language, card.id), card.limits.get(language)
        lines += [f"# {title}", "", *([limits, ""] if limits else [])]
    lines += [f"{card.parameters:,} parameters. {card.licence}. {card.date}", "", "## Sources", ""]
    for source in card.sources:
        lines.append(f"- {source}" if isinstance(source, str) else f"- {source.origin} ({source.licence})")
    scores = json.dumps(card.scores, ensure_ascii=False, indent=1)
    return "\n".join([*lines, "", "## Scores", "", "```json", scores, "```", ""])


def modelfile(folder: Path, file: Path) -> str:
    """Ollama's recipe for the GGUF `file` that was made of `folder`: how it is asked, and where it stops."""
    vocabulary = read_vocabulary(folder, int(_config(folder)["vocab_size"]))
    end = vocabulary.tokens[vocabulary.end]
    template = folder / "chat_template.jinja"
    asked = f"{end}{{{{ .Prompt }}}}"
    if template.exists() and continues(folder) is False:
        written = template.read_text("utf-8")
        if OWN_MARK in written:
            asked = GO_TEMPLATE.format(end=end)
        elif "<|im_start|>" in written:
            asked = CHATML
        else:
            asked = ""  # Ollama knows the templates of large models from the file itself
    lines = [f"FROM ./{file.name}"]
    lines += [f'TEMPLATE """{asked}"""'] if asked else []
    lines += [f'PARAMETER stop "{end}"', f"PARAMETER num_ctx {_config(folder)['max_position_embeddings']}"]
    return "\n".join(lines) + "\n"


def check_gguf(folder: Path) -> None:
    """Whether the model can become a GGUF file.

    Raises:
        UserError: `export_family`, `export_tokenizer`.
    """
    config = _config(folder)
    check_family(config)
    read_vocabulary(folder, int(config["vocab_size"]))


def continues(folder: Path) -> bool:
    """Whether the model goes on with a text, and was never taught to answer."""
    if not (folder / "chat_template.jinja").exists():
        return True
    return (folder / CARD_FILE).exists() and "continue" in ModelCard.read(folder).tasks


def vllm_command(folder: Path, name: str, shown: str) -> str:
    """What to type where vLLM is installed.

    Args:
        folder: of the model.
        name: what the server calls it.
        shown: the path in the command.

    Raises:
        UserError: `export_not_vllm`, for families that vLLM does not know.
    """
    config = _config(folder)
    if config.get("model_type") not in VLLM_FAMILIES:
        raise UserError("export_not_vllm", family=str(config.get("model_type")))
    length = config["max_position_embeddings"]
    return f"vllm serve {shlex.quote(shown)} --served-model-name {shlex.quote(name)} --max-model-len {length}"


def push(folder: Path, repo: str, token: str, endpoint: str, *, private: bool = True) -> str:
    """Send the model to a repository of the Hub, which is made where there is none.

    Args:
        folder: of the model.
        repo: owner/name.
        token: one that may write; it is kept nowhere.
        endpoint: the Hub.
        private: whether a new repository is seen by its owner alone.

    Returns:
        Where it stands.

    Raises:
        UserError: `hub_refused`.
    """
    import httpx2
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi(endpoint=endpoint, token=token, library_name="llm-workbench")
    sent = [CommitOperationAdd(path.name, path) for path in files(folder) if path.name != README_FILE]
    sent.append(CommitOperationAdd(README_FILE, readme(folder).encode()))
    try:
        made = api.create_repo(repo, private=private, exist_ok=True)
        api.create_commit(made.repo_id, sent, commit_message="Trained with LLM Workbench")
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        reason = str(error).strip().partition("\n")[0].replace(token, "***")
        raise UserError("hub_refused", repo=repo[:100], reason=reason[:REASON_CHARS]) from None
    return f"{endpoint.rstrip('/')}/{made.repo_id}"


def _config(folder: Path) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return entries


class _Sink:
    """A file that is read as it is written."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, content: bytes) -> int:
        self._written += content
        return len(content)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        content, self._written = bytes(self._written), bytearray()
        return content
