"""Phrases by which writers say "this is the point", "a detail", "known to all" (Edmundson 1969), both languages."""

from __future__ import annotations

import re
from typing import Final

POINT: Final = re.compile(
    r"\b(?:we|i) (?:here |then |also |first )?(?:propose|introduce|present|develop|argue|conclude)\b"
    r"|\b(?:this|the present|our) (?:paper|article|study|work|report|thesis|essay|book|review|survey)\b"
    r"|\b(?:is|are) (?:proposed|introduced|presented)\b"
    r"|\b(?:our|the|its) (?:main |key |central |primary |chief )?"
    r"(?:goal|aim|purpose|objective|contribution|conclusion|finding|idea|question)s? (?:is|are|of)\b"
    r"|\bin (?:short|summary|conclusion|essence|brief)\b|\bto sum up\b|\ba (?:new|novel)\b"
    r"|本文|本研究|本论文|本书|本报告|提出了?(?!问题)|结论|目的|旨在|总之|综上|总的来说|一言以蔽之|归根结底|一种新"
    r"|主要(?:贡献|结论|发现|目的|目标)",
    re.IGNORECASE,
)
WEIGHTY: Final = re.compile(
    r"\b(?:we|i) (?:show|find|found|study|investigate|demonstrate|describe|examine|explore|consider|analy[sz]e|report"
    r"|suggest|believe|derive|design)\b"
    r"|\b(?:most|more) important\b|\bthe (?:main|key|central)\b|\bcrucial(?:ly)?\b|\bshows? that\b|\bas a result\b"
    r"|研究了?|探讨|讨论了|介绍了|分析了|指出|认为|发现|表明|关键|核心|重要|最[大高]|一种|基于",
    re.IGNORECASE,
)
DETAIL: Final = re.compile(
    r"\bfor (?:example|instance)\b|\be\.g\.|\bsuch as\b|\bdue to\b|\bfig(?:ure|\.)|\btable \d|\bin addition\b"
    r"|\bmoreover\b|\bfurthermore\b|\brespectively\b|\bit is shown\b|^(?:but|and|also|or)\b"
    r"|例如|比如|譬如|其中|分别|如图|见表|另外|此外|同时|具体来说|换句话说",
    re.IGNORECASE,
)
BACKGROUND: Final = re.compile(
    r"^(?:近年来|随着|自从|众所周知|目前|当前|长期以来|传统|由于|如今"
    r"|in recent years|recently|with the|traditional|nowadays|today|currently|over the (?:past|last)"
    r"|while |although )"
    r"|\bhas become\b|\bhave become\b|\bhave been widely\b|已成为|越来越|引起了?.{0,6}关注",
    re.IGNORECASE,
)
