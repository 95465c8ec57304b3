"""Where a finished run that understands texts is tried: as many boxes as it reads, called by what goes into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.web.frame import html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, t

if TYPE_CHECKING:
    from llm_core.workbench.trying import Trying

FIELDS = 3
CHARS_MAX = 8000


@dataclass(frozen=True)
class Screen:
    """The components: what is read, in as many boxes as it takes, and what the run says of it."""

    fields: tuple[gr.Textbox, ...]
    example: gr.Button
    go: gr.Button
    told: gr.HTML

    @property
    def all(self) -> list[Any]:
        """In the order of the handlers' outputs."""
        return [*self.fields, self.example, self.go, self.told]


def build() -> Screen:
    """The boxes; what they are called follows the run that is shown."""
    with gr.Column(elem_classes=["try-run"]):
        html(f'<p class="heading">{both("trained.try")}</p>')
        fields = [
            gr.Textbox(
                label=t("trained.try_text"), lines=1 if number else 3, max_lines=2 if number else 10,
                max_length=CHARS_MAX, visible=not number, elem_id=f"train-try-{number}",
            )
            for number in range(FIELDS)
        ]  # fmt: skip
        with gr.Row(elem_classes=["pair-of-dials", "try-acts"]):
            go = gr.Button(t("trained.try_go"), size="sm", elem_id="train-try-go")
            example = gr.Button(
                t("trained.try_example"), size="sm", elem_id="train-try-example", elem_classes=["as-word"]
            )
        told = html("", elem_id="train-tried", css_class="looked")
    return Screen(tuple(fields), example, go, told)


def boxes(screen: Screen, trying: Trying, owner: str, run: str, language: Language, *, empty: bool) -> dict[Any, Any]:
    """The boxes that this run reads, by their names.

    Args:
        screen: the components.
        trying: what knows what the run reads.
        owner: whose run it is.
        run: its name.
        language: of the page.
        empty: another run was shown before, and what stands in the boxes was for that one.
    """
    roles = trying.roles(run, owner)
    cleared = {"value": ""} if empty else {}
    shown: dict[Any, Any] = {
        field: gr.update(visible=number < len(roles), **_named(roles, number, language), **cleared)
        for number, field in enumerate(screen.fields)
    }
    return shown | ({screen.told: ""} if empty else {})


def _named(roles: Sequence[str], number: int, language: Language) -> dict[str, str]:
    return {"label": say(language, f"trained.try_{roles[number]}")} if number < len(roles) else {}
