"""Markdown: words without marks, with the headings that they stand under."""

from tests.documents.samples import outline, parse

TEXT = """---
title: not text
tags: [a, b]
---
# The *harbour* and `sand` #

Built of **granite**, [limestone](http://x.y "t") and
~~bad~~ _concrete_ ![a wall](wall.png).

Depth
-----
- one
  still one
  - inner
1. first

> quoted
> twice

| Year | Cost |
|------|-----:|
| 1893 | **4,000** |

```python
def depth():
    return  7.5
```

<!-- hidden --><script>bad()</script>
<div>shown</div>

水深\\
7.5米
"""


def test_what_each_block_is():
    assert outline(parse(TEXT, "a.md")) == [
        ("heading", 1, "The harbour and sand"),
        ("paragraph", 0, "Built of granite, limestone and bad concrete a wall."),
        ("heading", 2, "Depth"),
        ("list_item", 1, "one still one"),
        ("list_item", 2, "inner"),
        ("list_item", 1, "first"),
        ("quote", 0, "quoted twice"),
        ("row", 0, "Year | Cost"),
        ("row", 0, "1893 | 4,000"),
        ("code", 0, "def depth():\n    return 7.5"),
        ("paragraph", 0, "shown"),
        ("paragraph", 0, "水深7.5米"),
    ]


def test_heading_path():
    document = parse(TEXT, "a.md")
    assert document.place(document.text.index("inner")).heading == ("The harbour and sand", "Depth")


def test_two_rules_far_apart_are_no_front_matter():
    document = parse("---\n\nText\n" + "more\n\n" * 300 + "---\n", "a.md")
    assert document.text.startswith("Text")


def test_deep_nesting_is_no_trouble():
    assert parse("> " * 60 + "deep", "a.md").text == "deep"
    parse("first\n\n" + "> " * 1000 + "deeper", "a.md")
    assert parse("[" * 2000 + "a", "a.md").blocks
