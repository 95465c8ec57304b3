"""How a conversation is laid out for small models made here; a model that comes with a template keeps its own.

Each turn is the end-of-text piece, the name of who speaks, a line break and what was said: no piece has to be added
to a vocabulary, and no text can forge the border of a turn. System messages are left out: the usual one would fill
half the context of such a model, which would not follow it anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

OWN_MARK = "eos_token + message['role']"
"""By which the template is known."""
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}"
    "{{ " + OWN_MARK + " + '\n' + message['content'] }}"
    "{% endif %}{% endfor %}{{ eos_token }}"
    "{% if add_generation_prompt %}{{ 'assistant\n' }}{% endif %}"
)
GO_TEMPLATE = (
    '{{{{- range .Messages }}}}{{{{ if ne .Role "system" }}}}{end}{{{{ .Role }}}}\n{{{{ .Content }}}}{{{{ end }}}}'
    "{{{{ end }}}}{end}assistant\n"
)
"""The same for Ollama; `{end}` is the end-of-text piece."""


def with_template(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The tokenizer, with this template where it has none."""
    if tokenizer.chat_template is None:
        tokenizer.chat_template = TEMPLATE
    return tokenizer
