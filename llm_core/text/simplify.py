"""Traditional Chinese in simplified characters, character by character, with the words that do not follow.

`traditional.txt` holds two lines: traditional characters, and below each the simplified one. The pairs are those of
OpenCC's TSCharacters (Apache-2.0) with both sides in Unicode's first block of Chinese characters.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

_KEPT = re.compile("乾(?=[隆坤])|(?<=康)乾|徵(?=羽)")
# Characters that both scripts have, with another use in each: changed only in a text that is traditional elsewhere.
_SHARED = (
    (re.compile("(?<![名显原编土论巨专译合昭卓遗所新])著(?![名作述者称有书])"), "着"),
    (re.compile("瞭(?!望)"), "了"),
    (re.compile("(?<=凭)藉|藉(?=[口此助由着以机故])"), "借"),
)


@functools.cache
def _table() -> dict[int, str]:
    traditional, simple = Path(__file__).with_name("traditional.txt").read_text("utf-8").splitlines()
    return {ord(character): to for character, to in zip(traditional, simple, strict=True)}


def simplified(text: str) -> str:
    """The text with simplified characters, of the same length; what is simplified already stays.

    >>> simplified("後來，頭髮乾了，憑藉著乾隆年間的名著。"), simplified("发现著名")
    ('后来，头发干了，凭借着乾隆年间的名著。', '发现著名')
    """
    changed = text.translate(_table())
    if changed == text:
        return text
    letters = list(changed)
    for match in _KEPT.finditer(text):
        letters[match.start()] = match[0]
    changed = "".join(letters)
    for pattern, to in _SHARED:
        changed = pattern.sub(to, changed)
    return changed
