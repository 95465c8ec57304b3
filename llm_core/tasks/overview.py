"""Whether a message is about a document as a whole: no search finds what "summarize this" asks for.

Knows words alone, no model: what is left when the ways of asking for an overview are taken away must be nothing.
"""

from __future__ import annotations

import re

_ASKED = re.compile(
    r"\b(?:summar(?:y|ies|i[sz]e[sd]?|i[sz]ing)|overview|gist|tl;?dr|outline|takeaways?|(?:main|key|important) \w+|"
    r"about|document|file|attach(?:ment|ed)|paper|article|report|pdf|docx)\b"
    r"|总结|概括|概述|归纳|摘要|提要|要点|重点|大意|梗概|主旨|讲|说了|写了|关于|内容|文件|文档|文章|附件|资料|论文|报告|全文",
    re.IGNORECASE,
)
_WAYS_EN = frozenset(
    """
    summarize summarise summarized summarised summarizing summarising summary summaries overview gist tldr tl dr
    outline main key important most point points idea ideas takeaway takeaways topic topics subject fact facts thing
    things message conclusion conclusions document documents file files attachment attachments attached uploaded added
    sent paper article report text pdf docx contents content about deal deals cover covers contain contains brief
    briefly short shortly concise simple quick sentence sentences word words line lines bullet bullets paragraph
    paragraphs one two three four five six seven eight nine ten few english chinese please kindly give tell write make
    describe explain list show say says said talk talks read know can could would will you your me i we us my our what
    which how s re is are was were it its this that these those them they the a an of in to for and or do does with
    from as just into whole entire all so hello hi thanks up using use more no than only
    """.split()  # noqa: SIM905 - a list of 150 strings is no easier to read
)
_WAYS_ZH = re.compile(
    r"总结|概括|概述|归纳|摘要|提要|要点|重点|大意|梗概|主旨|主题|结论|观点|关键|核心|主要|大概|大致|大体|简单|简要|简短|简洁|"
    r"内容|信息|文件|文档|文章|附件|资料|材料|论文|报告|全文|文本|上传|添加|上面|以上|下面|里面|其中|中文|英文|句话|句子|段落|"
    r"请问|请|帮忙|帮|给|告诉|介绍|说明|解释|描述|列出|列|写|讲|说|谈|看|读|用|是|有|在|关于|什么|哪些|哪|怎么|如何|"
    r"这|那|该|此|它|我|你|们|份|篇|个|本|些|几|条|点|句|段|字|词|以内|左右|一|二|两|三|四|五|六|七|八|九|十|百|"
    r"下|出|来|把|将|为|对|成|做|的|了|着|得|地|吗|呢|吧|啊|里|中|内|和|与|及|能|可以|可|不|都|好|您|想|要|知道"
)
_NAMED = re.compile(
    r"\b(?:this|the|that|my|these|attached|uploaded)\s+(?:\w+\s+)?(?:documents?|files?|attachments?|papers?|articles?|"
    r"reports?|texts?|pdfs?|docx)\b|\battachments?\b|\bsummar(?:y|i[sz]e)\b"
    r"|(?:文件|文档|附件|文章|论文|报告|资料|材料)[里中内]|(?:这|该|那|我)的?(?:份|篇|个|本)?(?:文件|文档|附件|文章|论文|报告|资料|材料)"
    r"|总结|概括|摘要|全文|附件",
    re.IGNORECASE,
)


def asks_for_overview(message: str) -> bool:
    """Whether the message asks what a document says as a whole, and for nothing in particular.

    >>> asks_for_overview("Summarize this in three sentences."), asks_for_overview("这份文件讲了什么？")
    (True, True)
    >>> asks_for_overview("What does the report say about acetone?"), asks_for_overview("总结一下借书的规定")
    (False, False)
    """
    if not _ASKED.search(message):
        return False
    words = re.findall(r"[^\W\d_]+", _WAYS_ZH.sub(" ", message.lower()))
    return all(word in _WAYS_EN for word in words)


def names_document(message: str) -> bool:
    """Whether the message speaks of a document that its writer has in mind.

    >>> names_document("What is the tone of this report?"), names_document("Write a report on whales.")
    (True, False)
    """
    return bool(_NAMED.search(message))
