"""chrF: how alike two texts are by their characters, 0 to 100 (Popović 2015); knows no words, which suits Chinese.

The mean over n = 1 to 6 of the F-score of character n-grams, blanks left out, recall counting twice as much.
"""

from __future__ import annotations

from collections import Counter

ORDER, BETA = 6, 2.0


def chrf(said: str, meant: str) -> float:
    """How much of `meant` is in `said`, and little else; 100 for the same text, 0 where either is empty."""
    said, meant = "".join(said.split()), "".join(meant.split())
    precisions, recalls = [], []
    for length in range(1, ORDER + 1):
        ours, theirs = _grams(said, length), _grams(meant, length)
        if ours and theirs:
            shared = sum((ours & theirs).values())
            precisions.append(shared / ours.total())
            recalls.append(shared / theirs.total())
    if not precisions:
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    if not precision + recall:
        return 0.0
    factor = BETA**2
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall)


def _grams(text: str, length: int) -> Counter[str]:
    return Counter(text[start : start + length] for start in range(len(text) - length + 1))
