"""Every path, limit and default, once. Each is a field here and a variable LLM_CORE_<NAME> of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_core.paths import Paths
from llm_core.values import refused

OTHERS = {"hub_endpoint": "HF_ENDPOINT, ", "space_id": "SPACE_ID, ", "zero_gpu": "SPACES_ZERO_GPU, "}  # of others
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


# What is otherwise on a Space: many strangers, two cores, a disk that is empty after each start, one proxy in front.
SPACE: dict[str, Any] = {
    "host": "0.0.0.0",  # noqa: S104 - inside a container whose only door is the Space's own proxy
    "public": True,
    "proxies": 1,
    "waiting_per_visitor_max": 2,
    "reply_tokens_max": 1024,
    "message_chars_max": 40_000,
    "conversations_max": 100,
    "document_bytes_max": 20_000_000,
    "document_pages_max": 500,
    "document_chars_max": 1_000_000,
    "library_documents_max": 50,
    "library_add_s": 1200,
    "translation_s": 1200,
    "translation_kept_s": 86_400,
    "training_s": 600,
    "training_text_bytes_max": 20_000_000,
    "runs_max": 4,
    "runs_under_way_max": 1,
    "runs_bytes_max": 400_000_000,
    "disk_per_address_bytes_max": 2_000_000_000,
    "dataset_bytes_max": 50_000_000,
}


class Settings(BaseSettings):
    """What the environment may change. Read once at the start, then fixed."""

    model_config = SettingsConfigDict(env_prefix="LLM_CORE_", frozen=True, extra="ignore", populate_by_name=True)

    # Where things are
    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("llm-workbench", appauthor=False)),
        description="everything that the workbench keeps: models, conversations, runs",
    )
    offline: bool = Field(False, description="fetch nothing, ever")
    hub_endpoint: str = Field(
        "https://huggingface.co",
        validation_alias=AliasChoices("LLM_CORE_HUB_ENDPOINT", "HF_ENDPOINT"),
        description="the Hub, or a mirror of it",
    )

    # The server
    host: str = Field("127.0.0.1", description="address to listen on; this computer alone by default")
    port: int = Field(7860, ge=0, le=65535, description="port of the page; 0 takes any free one")
    api_key: SecretStr | None = Field(None, description="key of the OpenAI-style API; needed beyond loopback")

    # Who is served. A Space of Hugging Face sets SPACE_ID by itself; what follows from it stands in SPACE below
    public: bool = Field(False, description="strangers are served: the page says so, and nobody can have it fetch")
    auth: SecretStr | None = Field(None, description="user:password that every request must know; a line for each")
    auth_file: Path | None = Field(None, description="a file of the same lines; also --auth")
    login_tries_max: int = Field(10, gt=0, description="wrong passwords for one name from one address")
    login_wait_s: float = Field(300, gt=0, description="how long nobody may try after so many")
    proxies: int = Field(0, ge=0, le=8, description="reverse proxies in front, whose X-Forwarded-For is believed")
    jobs_per_address_max: int = Field(40, gt=0, description="work under way for one address; a classroom shares one")
    runs_per_address_max: int = Field(10, gt=0, description="runs of one address that train or wait")
    disk_per_address_bytes_max: int = Field(
        20_000_000_000, gt=0, description="what all visitors of one address keep, and what they upload in a day"
    )
    space_id: str = Field(
        "",
        validation_alias=AliasChoices("LLM_CORE_SPACE_ID", "SPACE_ID"),
        description="name of the Space of Hugging Face that this is",
    )
    zero_gpu: bool = Field(
        False,
        validation_alias=AliasChoices("LLM_CORE_ZERO_GPU", "SPACES_ZERO_GPU"),
        description="whether that Space lends a GPU for a minute at a time",
    )

    # The language model
    model: str | None = Field(None, description="default language model: a name, or a path to a GGUF file")
    threads: int = Field(0, ge=0, description="threads for computing; 0 takes the physical cores")
    context_tokens: int = Field(8192, ge=256, description="longest conversation a model reads; costs memory")
    slots: int = Field(2, ge=1, le=64, description="replies computed side by side; each has a context of its own")
    prefill_batch_tokens: int = Field(64, ge=16, le=2048, description="prompt tokens between two chances to stop")
    prompt_cache_mib: int = Field(256, ge=0, description="memory for prompts of conversations left for a while")
    model_load_s: float = Field(180, gt=0, description="longest a model may take to open")
    free_memory_min_mib: int = Field(600, ge=0, description="below this much free memory an idle model is closed")
    memory_watch_s: float = Field(5, gt=0, description="how often free memory is looked at while a model is open")
    engine_silence_s: float = Field(120, gt=0, description="an engine that says nothing for this long has failed")

    # Which engine computes, and where; for what each of them can, see docs/engines.md
    engine: Literal["auto", "llama.cpp", "transformers"] = Field("auto", description="what runs a GGUF file")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where Transformers computes")
    convert: bool = Field(True, description="models trained here run in int8 by CTranslate2 where no GPU does")

    # A model on another server: any that speaks the OpenAI protocol, such as vLLM
    remote_url: str = Field("", description="its address, such as http://gpu-box:8000/v1; empty for none")
    remote_model: str = Field("", description="the model's name there; empty takes the first that the server has")
    remote_key: SecretStr | None = Field(None, description="key of that server; never shown, never logged")
    remote_context_tokens: int = Field(0, ge=0, description="its longest conversation; 0 asks the server")
    remote_parallel: int = Field(8, ge=1, le=256, description="replies asked of one server at the same time")
    remote_retries: int = Field(3, ge=0, le=10, description="further tries while a server is busy or restarts")
    remote_mask: bool = Field(True, description="mask personal data in what leaves, put it back in the reply")
    remote_entry: bool = Field(True, description="servers can be added on the page; never on one for others")

    # Limits on what a visitor can send or keep
    message_chars_max: int = Field(400_000, gt=0, description="one message; the context is the real limit")
    system_chars_max: int = Field(20_000, gt=0, description="a system prompt")
    reply_tokens_max: int = Field(4096, gt=0, description="the longest reply that can be asked for")
    title_chars_max: int = Field(120, gt=0, description="a conversation's name")
    conversations_max: int = Field(2000, gt=0, description="conversations a visitor keeps")
    messages_max: int = Field(2000, gt=0, description="messages in one conversation, all branches")
    import_bytes_max: int = Field(20_000_000, gt=0, description="a file of exported conversations")
    waiting_max: int = Field(64, gt=0, description="requests waiting for the model, of all visitors")
    waiting_per_visitor_max: int = Field(4, gt=0, description="requests of one visitor, waiting or running")
    request_bytes_max: int = Field(8_000_000, gt=0, description="one request to the API")
    question_chars_max: int = Field(4000, gt=0, description="a question to the documents")
    library_documents_max: int = Field(1000, gt=0, description="documents in one library")
    library_add_s: float = Field(7200, gt=0, description="reading files into a library; 1000 pages take some minutes")
    translation_s: float = Field(7200, gt=0, description="translating one text or file; 100 pages take an hour")
    translation_kept_s: float = Field(2_592_000, gt=0, description="how long a visitor's last translation stays here")
    sealed_idle_s: float = Field(3600, gt=0, description="a passphrase that was entered and not used is forgotten")
    reply_unwatched_s: float = Field(60, ge=0, description="how long a reply goes on when nobody watches")
    jobs_kept_s: float = Field(600, ge=0, description="how long a finished job can still be looked at")

    # Documents: what one file may cost, read in a process of its own
    document_bytes_max: int = Field(100_000_000, gt=0, description="size of a file; a long book of scans has 50 MB")
    document_inflated_bytes_max: int = Field(400_000_000, gt=0, description="what a zipped file unpacks to")
    document_chars_max: int = Field(5_000_000, gt=0, description="its text; War and Peace has 3.2 million")
    document_pages_max: int = Field(3000, gt=0, description="pages of a PDF")
    document_seconds_max: float = Field(120, gt=0, description="reading it; 1000 pages of PDF take 7 to 14")
    document_memory_mib_max: int = Field(1024, ge=256, description="memory for reading it")

    # Analyzing texts
    analysis_rows_max: int = Field(20_000, gt=0, description="rows of a table on the page; they take some minutes")
    own_labels_max: int = Field(20, gt=0, description="sets of labels of their own that a visitor keeps")

    # Looking inside a model: every pair of tokens is a number for each head and layer
    inside_chars_max: int = Field(1000, gt=0, description="a text that a model is looked at with")
    inside_tokens_max: int = Field(128, gt=1, description="its tokens, and those of a translation")
    repository_url: str = Field("", description="where this code can be read; beside a formula stands a link then")

    # Training: the last five hold where the server serves others than the people at this computer
    training_disk_min_mib: int = Field(500, ge=0, description="a run pauses before less than this is free")
    training_s: float = Field(1800, gt=0, description="training of one run of a visitor")
    training_text_bytes_max: int = Field(200_000_000, gt=0, description="text of one run of a visitor")
    runs_max: int = Field(20, gt=0, description="runs that a visitor keeps")
    runs_under_way_max: int = Field(2, gt=0, description="runs of one visitor that train or wait")
    runs_bytes_max: int = Field(2_000_000_000, gt=0, description="what all runs of one visitor take on the disk")

    # Where models come from: all sources that may be asked are asked together, and the first that answers sends
    sources: str = Field("", description="kinds that may be asked: folder peer hub mirror modelscope index; all")
    hub_mirror: str = Field("", description="another address of the Hub, asked beside it")
    modelscope_endpoint: str = Field("https://modelscope.cn", description="ModelScope")
    peer: str = Field("", description="another workbench that shares its models: its host, or its address")
    peer_login: SecretStr | None = Field(None, description="name:password there, where it was started with --auth")
    models_from: Path | None = Field(None, description="a folder or stick with models, as `models pack` writes one")
    share_models: bool = Field(False, description="give the models here to other workbenches that know their hashes")
    share_parallel_max: int = Field(8, gt=0, description="files given at the same time; who comes later waits")
    lmstudio_models: Path | None = Field(None, description="where LM Studio keeps its models; its usual places")
    ollama_models: Path | None = Field(None, description="where Ollama keeps its models; its usual places")
    hub_cache: Path | None = Field(None, description="where the Hub's library keeps its cache; its usual place")
    hub_model_bytes_max: int = Field(20_000_000_000, gt=0, description="a model of the Hub, all files together")
    weights_upload: bool = Field(False, description="whether GGUF files can be put in through the page")
    weights_bytes_max: int = Field(10_000_000_000, gt=0, description="such a file")
    peer_wait_s: float = Field(1800, gt=0, description="how long to wait for a turn at another workbench")
    peer_again_s: float = Field(3, gt=0, description="how often it is asked whether it is our turn")

    # Fetching
    fetch_probe_s: float = Field(3, gt=0, description="how long sources may take to answer before one is chosen")
    fetch_parallel: int = Field(3, ge=1, le=16, description="parts fetched at the same time")
    dataset_bytes_max: int = Field(5_000_000_000, gt=0, description="text of one dataset of the Hub, as it is stored")
    fetch_stall_s: float = Field(60, gt=0, description="a source that sends nothing for this long has failed")

    @model_validator(mode="before")
    @classmethod
    def _as_a_space(cls, given: dict[str, Any]) -> dict[str, Any]:
        """On a Space, what nobody set is as a server for strangers on two cores needs it."""
        on_space = any(given.get(name) for name in ("space_id", "LLM_CORE_SPACE_ID", "SPACE_ID"))
        return (SPACE | given) if on_space else given

    @classmethod
    def read(cls, **given: Any) -> Self:
        """What the environment says, with what was `given` (and is not None) in its place.

        Raises:
            UserError: naming the variable, or what was given, that does not fit.
        """
        given = {name: value for name, value in given.items() if value is not None}
        variables = {name: f"LLM_CORE_{name.upper()}" for name in cls.model_fields if name not in given}
        try:
            return cls(**given)
        except ValidationError as error:
            raise refused(cls, error, variables) from None

    @property
    def is_local(self) -> bool:
        """Whether only people at this computer are served, who are then taken for one person."""
        return self.host in LOOPBACK

    @property
    def paths(self) -> Paths:
        """The places under `home`."""
        return Paths(self.home)


def reference() -> str:
    """All settings as docs/settings.md holds them; a test keeps the two level."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable = OTHERS.get(name, "") + f"LLM_CORE_{name.upper()}"
        default = field.get_default(call_default_factory=True) if name != "home" else "the user's data folder"
        rows.append(f"| `{variable}` | {'' if default is None else default} | {field.description} |")
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows]) + "\n"
