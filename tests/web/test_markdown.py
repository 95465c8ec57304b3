from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.web.markdown import Growing, blocks, split_reasoning

MARKUP = st.text(alphabet=st.sampled_from("ab中“”\n `*_#>-|[]()<>&\"'\\$=:!1."), max_size=120)
TAGS = {
    "p", "br", "em", "strong", "s", "a", "code", "pre", "span", "ul", "ol", "li", "blockquote", "hr", "div", "table",
    "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.seen


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x)",
        '[a](https://x.org/"onmouseover="alert(1))',
        '```"><script>\nx\n```',
        "\\(\\href{javascript:alert(1)}{x}\\)",
        "\\(\\text{<img src=x onerror=alert(1)>}\\)",
        "<a href='javascript:x'>",
    ],
)
def test_nothing_that_a_model_writes_runs(hostile: str) -> None:
    for tag, attributes in tags("".join(blocks(hostile))):
        assert tag not in ("script", "img", "iframe", "style")
        assert not [name for name in attributes if name.startswith("on")]
        assert not re.match(r"\s*(javascript|data|vbscript):", attributes.get("href") or "")


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_only_our_own_tags_come_out(text: str) -> None:
    for tag, attributes in tags("".join(blocks(text))):
        if tag.startswith("m") or tag == "annotation":
            continue  # MathML
        assert tag in TAGS
        assert set(attributes) <= {"lang", "href", "target", "rel", "class", "tabindex", "translate", "start"}


def test_an_image_is_a_link_because_it_would_be_fetched() -> None:
    html = "".join(blocks("![a *chart*](https://example.org/x.png?secret)"))
    assert "<img" not in html and 'href="https://example.org/x.png?secret"' in html


def test_links_leave_without_saying_where_from() -> None:
    assert 'rel="noopener noreferrer nofollow"' in blocks("[a](https://example.org)")[0]


@pytest.mark.parametrize("text", ["**标题：**内容", "他说**“好”**就走了", "这是**重点**。", "**a**b"])
def test_emphasis_works_beside_chinese(text: str) -> None:
    html = blocks(text)[0]
    assert "<strong>" in html and "*" not in html


def test_each_paragraph_knows_its_language() -> None:
    assert [re.search(r'lang="([\w-]+)"', block)[1] for block in blocks("你好\n\nHello there")] == ["zh-CN", "en"]  # type: ignore[index]


def test_formulas_are_mathml_and_money_is_not() -> None:
    html = "".join(blocks("\\(x^2\\) costs $5 or $6\n\n$$\\frac{1}{2}$$\n\n\\[\na\n\n- b\n\\]"))
    assert html.count("<math") == 3 and "$5 or $6" in html and "<li>" not in html


def test_what_is_no_formula_stays_as_it_was_written() -> None:
    assert "<code>\\frac{</code>" in blocks("\\(\\frac{\\)")[0]


def test_code_has_three_inks() -> None:
    html = blocks("```python\nreturn 'a'  # why\n```")[0]
    assert all(f'class="{ink}"' in html for ink in ("keyword", "string", "comment"))
    assert "return" in blocks("```no-such-language\nreturn\n```")[0]


@settings(max_examples=100, deadline=None)
@given(MARKUP, st.integers(1, 9))
def test_a_text_may_grow_in_any_steps(text: str, step: int) -> None:
    growing = Growing()
    for start in range(0, len(text), step):
        for tag, _ in tags("".join(growing.add(text[start : start + step]))):
            assert tag in TAGS or tag.startswith("m")


@pytest.mark.parametrize(
    "text", ["# A\n\nb\n\n- c\n- d\n\n```\ne\n\nf\n```\n\n| g | h |\n|--|--|\n| 1 | 2 |\n\n中文"]
)
def test_usual_text_grows_into_the_same_blocks(text: str) -> None:
    growing = Growing()
    for letter in text:
        grown = growing.add(letter)
    assert grown == blocks(text)


def test_reasoning_is_taken_off() -> None:
    assert split_reasoning("<think>\nhm\n</think>\n\nYes.") == ("\nhm\n", "Yes.")
    assert split_reasoning("<think>still") == ("still", "")
    assert split_reasoning("No <think> here") == (None, "No <think> here")
