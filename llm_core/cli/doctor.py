"""`doctor`: what this machine has and what is wrong, for a person or as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import typer

from llm_core.cli import columns, session
from llm_core.cli.commands import command
from llm_core.events import collect
from llm_core.messages import Language, say, system_language
from llm_core.settings import Settings
from llm_core.terminal import width
from llm_core.workbench import doctor as gathering
from llm_core.workbench.doctor import Finding, Report

WRONG = 2
RUNTIMES = {"llama.cpp": "llama.cpp", "transformers": "Transformers"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="doctor_json")] = False) -> None:
    """See messages/cli.toml."""
    line = session.progress_line()
    report: Report = collect(map(line.passing, gathering.examine(Settings.read())))
    line.clear()
    language = system_language()
    if as_json:
        print(json.dumps(_record(report, language), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_written(report, language)))
    if not report.well:
        raise typer.Exit(WRONG)


def _written(report: Report, language: Language) -> list[str]:
    def label(key: str, **facts: Any) -> str:
        return say(language, f"doctor.{key}", **facts)

    url = f"http://{report.host}:{report.port}"
    rows = [
        ("system", report.system),
        ("python", report.python),
        ("processor", label("cores", name=report.processor, n=report.cores)),
        ("memory", label("free_of", free=report.memory_free_bytes, total=report.memory_bytes)),
        ("accelerators", "; ".join(report.accelerators) or label("none")),
        ("home", label("disk", path=report.home, free=report.disk_free_bytes)),
        ("page", label("port_free" if report.port_free else "port_taken", url=url)),
        ("packages", ", ".join(f"{name} {v or label('not_installed')}" for name, v in report.packages.items())),
        ("models", ", ".join(entry.id for entry in report.models if entry.path) or label("none")),
        ("chat", report.chat or label("none")),
        ("runs_on", _runs_on(report, language) or label("none")),
        ("sources", _sources(report, language)),
    ]
    labels = max(width(label(key)) for key, _ in rows) + columns.GAP
    lines = [columns.padded(label(key), labels) + text for key, text in rows]
    said = [f"- {_sentence(finding, language)}" for finding in report.findings] or [label("all_well")]
    return [*lines, "", *said]


def _runs_on(report: Report, language: Language) -> str:
    """Models that share engine and device are told together."""
    together: dict[str, list[str]] = {}
    for name, place in report.runs_on.items():
        together.setdefault(say(language, f"doctor.on_{place.device}", runtime=RUNTIMES[place.runtime]), []).append(
            name
        )
    return "; ".join(f"{where}: {', '.join(names)}" for where, names in together.items())


def _sources(report: Report, language: Language) -> str:
    return "; ".join(
        f"{say(language, f'models.source_{kind}')}: {say(language, f'doctor.source_{answer}')}"
        for kind, answer in report.sources.items()
    )


def _sentence(finding: Finding, language: Language) -> str:
    return say(language, f"{'errors' if finding.is_error else 'doctor'}.{finding.code}", **finding.facts)


def _record(report: Report, language: Language) -> dict[str, Any]:
    record = {name.name: getattr(report, name.name) for name in dataclasses.fields(report)}
    record["home"] = str(report.home)
    record["runs_on"] = {name: dataclasses.asdict(place) for name, place in report.runs_on.items()}
    record["models"] = [{"id": m.id, "path": str(m.path), "bytes": m.bytes} for m in report.models if m.path]
    record["findings"] = [
        {"code": f.code, "wrong": f.wrong, "message": _sentence(f, language)} for f in report.findings
    ]
    return record


app = command(doctor, "doctor")
