"""What kind of thing a question asks for, and whether a text holds one: a sum of money, a weight, a time of day.

Rules for both languages, since the answer may stand in the other one. A question of no known kind fits everything.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_NUMBER: Final = (
    r"(?:\d[\d,.]*|[一二三四五六七八九十百千万两几半][〇零一二三四五六七八九十百千万两亿多余]*|\b(?:two|three|four|five|six|seven|eight|nine"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|million|half an?|one|an?)\b)"
)
_WEEKDAYS: Final = r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:星期|周|礼拜)[一二三四五六日天末]"
_MONTHS: Final = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b|月|[日号]"
)
_YEARS: Final = r"\b1[0-9]{3}\b|\b20[0-9]{2}\b|[一二][〇零一二三四五六七八九]{3}|年|centur|世纪"
_SPANS: Final = (
    r"\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur\w+|always|forever|until)\b"
    r"|秒|分钟|小时|钟头|天|日|周|星期|月|年"
)


class _Kind(NamedTuple):
    asked: re.Pattern[str]
    held: re.Pattern[str]


def _kind(asked: str, held: str) -> _Kind:
    return _Kind(re.compile(asked, re.IGNORECASE), re.compile(held, re.IGNORECASE))


def _measured(units: str) -> str:
    return rf"{_NUMBER}\s*(?:and a half\s*)?(?:{units})"


# The first that is asked for counts.
_KINDS: Final = (
    _kind(
        r"\bhow much (?:does|do|did|is|are|was|were|must|will|money)\b.*\b(?:costs?|pay|paid|charge|price|fee|earn)\b"
        r"|\bwhat (?:does|do|did|is|are|was)\b.*\b(?:cost|price|fee|fine|salary|deposit)\b"
        r"|多少[钱元块]|什么价|价格|怎么收费|收费是|工资|[票房运]价|要花多少|花费|押金是",
        r"[$€£¥]|\b(?:euros?|dollars?|pounds?|yuan|cents?|pence|yen|rmb|usd|eur|free|nothing)\b|[元角块毛]|免费|欧|不收",
    ),
    _kind(
        r"\bhow fast\b|\bwhat speed\b|多快|速度|时速",
        r"knots?|/h|/s|\bper (?:hour|second)|an hour|mph|km|节|每小时|每秒|时速",
    ),
    _kind(
        r"\bhow (?:heavy|much)\b.*\bweighs?\b|\bwhat\b.*\bweight\b|\bhow heavy\b|多重|重量|多少[吨克斤]|几[吨克斤]",
        r"\b(?:g|kg|grams?|kilo\w*|tons?|tonnes?|pounds?|ounces?|lbs?|oz)\b|[克斤吨]|公斤|千克",
    ),
    _kind(
        r"\bhow (?:tall|high|deep|wide|far)\b|多高|多深|多宽|多远|身高|高度",
        r"\b(?:m|cm|mm|km|metres?|meters?|feet|foot|ft|inch\w*|miles?|kilomet\w*|storeys?|floors?)\b|[米尺寸里层]|公分|厘米",
    ),
    _kind(
        r"\bhow old\b|\bwhat age\b|多大年纪|几岁|多少岁|多大岁数|年龄", r"\byears?\b|\bage\b|岁|\bborn\b|出生|生于"
    ),
    _kind(r"\b(?:phone|telephone|number to (?:ring|call))\b|电话|手机号", r"\d[\d -]{2,}\d"),
    _kind(r"\btemperature\b|\bhow (?:hot|cold|warm)\b|温度|多少度|几度|多热", r"°|degrees?|\d|度"),
    _kind(
        r"\bwhat percent|\bpercentage\b|百分之几|几成|百分比|比例",
        r"%|percent|per cent|\bhalf\b|third|quarter|百分|[成半]|分之",
    ),
    _kind(r"\b(?:what|which) year\b|哪一?年", _YEARS),
    _kind(r"\b(?:what|which) day\b|星期几|周几|礼拜几", f"{_WEEKDAYS}|{_MONTHS}|\\bday"),
    _kind(
        r"^when\b|\b(?:at )?what time\b|\bwhen (?:do|does|did|is|are|was|were|will|can|may|must)\b"
        r"|什么时候|几点|何时|哪[一]?天|几月",
        rf"\d|{_WEEKDAYS}|{_MONTHS}|{_YEARS}|点|o'clock|noon|midnight|after|before|when|during|once|at the"
        r"|[春夏秋冬早晚]|之前|以前|之后|以后",
    ),
    _kind(
        r"\bhow long (?:is|are) the .*(?:walk|bridge|river|road|wall|tunnel|hall|building|table|rope|coast|ship|boat)"
        r"|有多长的|全长|多长的路",
        r"\b(?:m|cm|mm|km|metres?|meters?|feet|foot|ft|miles?|kilomet\w*|inch\w*)\b|[米里尺]",
    ),
    _kind(r"\bhow long\b|多久|多长时间|几[天年周]|多少[天年]|几个[月小]", _SPANS),
    _kind(
        r"\bhow often\b|几次|多少次|多久一次", rf"{_NUMBER}|every|each|once|twice|daily|weekly|monthly|yearly|每|次"
    ),
    _kind(
        r"\bhow (?:many|much)\b|多少|几[个名位只条座辆台本册种家所间段章层]",
        rf"{_NUMBER}|\bno\b|none|\ball\b|没有|全部",
    ),
)


def fits(question: str, text: str) -> bool:
    """Whether `text` holds a thing of the kind that `question` asks for.

    >>> fits("How fast could it sail?", "It was built in 1891."), fits("多少钱？", "A ticket costs eight euros.")
    (False, True)
    """
    for kind in _KINDS:
        if kind.asked.search(question):
            return bool(kind.held.search(text))
    return True
