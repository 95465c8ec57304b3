"""A message about a document as a whole is told from one about something in it, and from one about neither."""

from __future__ import annotations

import pytest

from llm_core.tasks.overview import asks_for_overview, names_document


@pytest.mark.parametrize(
    "message",
    [
        "Summarize this.", "summarise the attached pdf in three bullet points", "TL;DR",
        "What is this document about?",
        "What are the main points?", "Give me an overview, please", "Can you tell me what this file is about",
        "这份文件讲了什么？", "总结", "请用三句话概括这篇文章的主要内容", "这个文档主要说了什么", "列出要点",
        "帮我归纳一下",
    ],
)  # fmt: skip
def test_what_no_search_could_find(message: str) -> None:
    assert asks_for_overview(message)


@pytest.mark.parametrize(
    "message",
    [
        "How long is the ropewalk?", "Summarize the part on storm damage", "What does the report say about acetone?",
        "Write an article about whales", "hello", "Why?", "会费是多少？", "总结一下借书的规定",
        "你好", "谢谢", "写一首关于雨的诗",
    ],
)  # fmt: skip
def test_what_is_about_something(message: str) -> None:
    assert not asks_for_overview(message)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("How would you rate the tone of this report?", True), ("Who wrote the attached paper?", True),
        ("文件里有错别字吗？", True), ("这份合同的语气如何？", False), ("Write a report on whales", False),
        ("写一份关于鲸鱼的报告", False),
    ],
)  # fmt: skip
def test_a_message_may_have_a_document_in_mind(message: str, named: bool) -> None:
    assert names_document(message) is named
