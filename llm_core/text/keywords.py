"""Keywords of a text: phrases between stop words, weighed by how often, how early and how alone they stand.

In the line of RAKE (Rose et al. 2010) and YAKE (Campos et al. 2020), with words that every text has weighed down.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from llm_core.text.sentences import split
from llm_core.text.spans import Span
from llm_core.text.words import Word, is_content, kind, stem, tokens

PHRASE_WORDS_MAX: Final = 4
PHRASE_CHARS_MAX: Final = 60
HAN_CHARS_MAX: Final = 7
READ_CHARS_MAX: Final = 200_000  # of a longer text every n-th sentence is read
GENERAL: Final = 0.2  # of a phrase that has only general words
GENERAL_EACH: Final = 0.3  # loss by the share of general words
SHORT_HAN: Final = 0.5  # of a Chinese word of two characters: a part of a name more often than one
LONG_HAN: Final = 0.4
ACTS: Final = 0.3  # of a Chinese phrase that has only verbs
ACTS_EACH: Final = 0.5
CLAUSE: Final = 0.4  # of several words, one of a single character, that end in a verb: somebody does something


@dataclass(frozen=True, slots=True)
class _Weights:
    """Fitted on abstracts with their authors' keywords; the two languages build their terms differently."""

    often: float  # exponent of the count
    longer: float  # gain a word
    recurring: float  # gain by how often the words of a phrase occur at all
    early: float
    alone: float  # gain of a phrase that fills the space between two stop words


_ENGLISH: Final = _Weights(often=0.25, longer=0.35, recurring=0.5, early=4, alone=1)
_CHINESE: Final = _Weights(often=0.75, longer=0.1, recurring=1, early=2, alone=0.5)
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_GENERAL_WORDS: Final = """
paper method approach result system problem study model technique algorithm process application use number work
time set case type way order example form part point property solution performance author data information new
different important various possible large small good high low main key general several simple specific certain
present proposed existing current recent given based show propose describe discuss develop provide consider
obtain demonstrate people day year today thing lot kind reason question answer word text line place person man
woman
方法 问题 系统 过程 算法 结果 研究 影响 分析 作用 情况 方面 因素 技术 条件 特点 发展 理论 实验 试验 提高 文章
本文 作者 关系 模式 模型 特征 性能 水平 内容 意义 基础 目的 结论 我国 企业 社会 工作 重要 主要 不同 有效 显著
采用 利用 提出 建立 应用 实现 设计 表明 存在 变化 对照组 组 患者 治疗 观察 结构 程度 目前 数据 参数 指标 样品
控制 优化 计算 参考 依据 评价 措施 对策 建议 现状 趋势 原因 机制 途径 效果 时间 地区 状态 能力 基本 材料 传统
质量 信息 环境 人 人们 东西 事情 今天 明天 昨天 地方 办法 样子 开始 结束 知道 看见 需要
"""
_GENERAL: Final = frozenset(stem(word) for word in _GENERAL_WORDS.split())


@dataclass(slots=True)
class _Counts:
    """What is counted of each candidate phrase, by its stems."""

    phrases: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)  # the character where it first stands
    surface: dict[str, str] = field(default_factory=dict)  # as it is written there


def keywords(text: str, count: int = 8) -> list[str]:
    """The `count` phrases that tell best what the text is about, best first, as the text writes them."""
    counts = _counted(text)
    length = max(1, len(text))
    scores = {phrase: _score(phrase, counts, length) for phrase in counts.phrases}
    chosen: list[str] = []
    for phrase in sorted(scores, key=lambda p: (-scores[p], counts.first[p])):
        if len(chosen) == count or scores[phrase] <= 0:
            break
        if not any(f" {phrase} " in f" {other} " or f" {other} " in f" {phrase} " for other in chosen):
            chosen.append(phrase)
    return [counts.surface[phrase] for phrase in chosen]


def _counted(text: str) -> _Counts:
    counts = _Counts()
    for start, sample in _samples(text):
        for run in _runs(sample):
            stems = [stem(word.text) for word in run]
            counts.words.update(stems)
            counts.alone[" ".join(stems)] += 1
            for begin in range(len(run)):
                for end in range(begin + 1, min(len(run), begin + PHRASE_WORDS_MAX) + 1):
                    phrase = " ".join(stems[begin:end])
                    counts.phrases[phrase] += 1
                    if phrase not in counts.first:
                        counts.first[phrase] = start + run[begin].span.start
                        counts.surface[phrase] = sample[run[begin].span.start : run[end - 1].span.end]
    return counts


def _samples(text: str) -> Iterator[tuple[int, str]]:
    """The text and its place; of a very long one, sentences spread evenly."""
    if len(text) <= READ_CHARS_MAX:
        yield 0, text
        return
    step = math.ceil(len(text) / READ_CHARS_MAX)
    for span in split(text)[::step]:
        yield span.start, text[span.start : min(span.end, span.start + READ_CHARS_MAX // 10)]


def _runs(text: str) -> Iterator[list[Word]]:
    """Stretches of content words with nothing but spaces between them."""
    run: list[Word] = []
    before = Word("", Span(0, 0))
    for word in tokens(text):
        gap = text[before.span.end : word.span.start]
        counted = before.text.isdigit() and not gap and bool(_HAN.match(word.text))
        fits = is_content(word.text) and kind(word.text) != "binding" and not (counted and _measures(word.text))
        if run and (gap.strip(" ") or not fits):
            yield run
            run = []
        if fits:  # a number is part of the name that follows it: 7路, 3号楼
            run.append(Word(before.text + word.text, Span(before.span.start, word.span.end)) if counted else word)
        before = word
    if run:
        yield run


def _measures(word: str) -> bool:
    """Whether a Chinese word after a number only says what is counted, as in 20日起; 号 makes a name."""
    return kind(word[0]) == "binding" and word[0] != "号"


def _score(phrase: str, counts: _Counts, length: int) -> float:
    words, written = phrase.split(" "), counts.surface[phrase]
    if not 2 <= len(written) <= PHRASE_CHARS_MAX:
        return 0.0
    han = bool(_HAN.search(written))
    weights = _CHINESE if han else _ENGLISH
    often = counts.phrases[phrase]
    recurring = sum(math.log(counts.words[word]) for word in words) / len(words)
    score: float = (
        often**weights.often * (1 + weights.longer * (len(words) - 1)) * (1 + weights.recurring * recurring)
    )
    score *= 1 + weights.early * math.exp(-4 * counts.first[phrase] / length)
    score *= 1 + weights.alone * counts.alone[phrase] / often
    general = sum(word in _GENERAL for word in words) / len(words)
    score *= GENERAL if general == 1 else 1 - GENERAL_EACH * general
    return score * _han_form(words, len(written)) if han else score


def _han_form(words: list[str], chars: int) -> float:
    """How much a Chinese phrase looks like the name of something."""
    factor = SHORT_HAN if chars == 2 else LONG_HAN if chars > HAN_CHARS_MAX else 1.0
    if len(words) > 1 and min(map(len, words)) == 1 and kind(words[-1]) == "act":
        factor *= CLAUSE
    acts = sum(kind(word) == "act" for word in words) / len(words)
    return factor * (ACTS if acts == 1 else 1 - ACTS_EACH * acts)
