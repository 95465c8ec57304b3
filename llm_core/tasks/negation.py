"""Whether a "not" got lost, in translation or in an answer: sure denials read strictly, possible ones leniently."""

from __future__ import annotations

import re
from typing import Final

from llm_core.messages import Language
from llm_core.text.language import language

# Words with 不, 没 or 未 that deny nothing, or whose translation usually does not.
_NO_DENIAL_ZH: Final = re.compile(
    "不仅|不但|不光|不只|不单|不止|不断|不久|不同|不错|不少|不得不|不管|不论|不如|不已|差不多|对不起|不可或缺|不妨|不禁|了不起"
    "|说不定|不一会|不惜|不由|不愧|不足|不要紧|毫不|不过|不甘|不凡|不懈|不易|不幸|不安|不满|不慎|不时|不乏|不容|不忘|不外乎|无不"
    "|不例外|不亚于|不免|不等|不料|不知不觉|不锈|不动产|不见得|不得了|忍不住|恨不得|巴不得|禁不住|来不及|不远|不计|不停|不良"
    "|不管|不再|不到|不至于|不妥|不当|不利|不便|不法|不朽|不菲|不一|不定|不及|不顾|不夜|不解|不适|不对|不清|不算|不算|不多|不大"
    "|未遂|停滞不前|挥之不去|不知所措|爱不释手|赞不绝口|无处不在|不平|不容易|不饱和|我不知道|迫不及待|不二|不可变|叹为观止"
    "|未来|未婚|未必|未免|未尝|没关系|没准|没事|没错|(.)不\\1|是否|.没有.?[吗？?]|有没有"
)
_DENIES_ZH: Final = re.compile(
    "不|没|未|无法|并非|绝非|从无|无需|无须|切勿|请勿|别(?=再|忘|让|把|去|做|在|太|说|怕|急|碰)"
)
_MAY_DENY_ZH: Final = re.compile(
    "[不没无未非别莫勿否免禁拒缺失难才仅只除罕少鲜弃反休毋防止停绝虚空丧废另差违]|直到|例外|之外|(?<!可)以外|远离|而不|超|过于|限"
)
_NO_DENIAL_EN: Final = re.compile(
    r"\bnot (?:only|just|merely|simply|least|to mention|unlike|surprisingly)\b|\bno (?:doubt|matter|sooner|wonder"
    r"|less than|more than|later than|longer|problem)\b|\bno\. ?\d|\bwhether or not\b|\bor not\b|\bwhy not\b"
    r"|\bif not\b"
    r"|\bnot (?:until|long|far|so much|all|always|every|necessarily|bad|too|quite|very)\b"
    r"|\bnothing (?:but|more|less)\b"
    r"|\bcan(?:no|')t help\b|\bnon-|\bnone the less\b|\bnonetheless\b|(?:n't|not) (?:we|you|they|it|he|she|I)\s*\?"
    r"|\b(?:don't|didn't|isn't|aren't|won't|doesn't|wasn't|can't) (?:you|they|we|he|she|it|I)\b|\bwithout\b",
    re.IGNORECASE,
)
_DENIES_EN: Final = re.compile(r"\b(?:not|never|no|cannot|nobody|nothing|none|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_MAY_DENY_EN: Final = re.compile(
    r"\b(?:not|no|non|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|cant|fail\w*|lack\w*|few\w*|little|less"
    r"|least|hardly|barely|rarely|scarcely|seldom|refus\w*|den(?:y|ie)\w*|avoid\w*|prevent\w*|stop\w*|cease\w*|free"
    r"|other|only|rather|unless|miss\w*|abs(?:ent|ence)\w*|away|instead|declin\w*|reject\w*|except\w*|far|until|yet|hard"
    r"|difficult\w*|ignor\w*|omit\w*|skip\w*|exclud\w*|forbid\w*|prohibit\w*|ban\w*|disabl\w*|off|over|too|beyond|out|loss"
    r"|lost|los[et]\w*|contrary|unlike|despite|empty|void|zero|wrong\w*|bad\w*|poor\w*|worse|below|under|remain\w*|still"
    r"|keep\w*|kept|any|ever|impossible|im(?:mobile|mature|perfect|proper|patient|polite|practical|moral)\w*"
    r"|un(?!der|it|iv|ique|til|ion|iform|cle)\w{3,}|dis(?!cuss|play|t|k|h|ney|c\b)\w{3,}|il(?:legal|literate|logical)\w*"
    r"|ir(?:regular|relevant|responsible|respective|reversible)\w*|mis\w{3,}"
    r"|in(?:valid|correct|visible|capable|sufficient|complete|ability|adequate|accurate|convenient|direct|evitable"
    r"|definite|dependent|effective|appropriate|consistent|accessible|different|secure|stead|tangible|separable)\w*)\b"
    r"|n['’]t\b|\w+less\b|\bnon-?\w+",
    re.IGNORECASE,
)


def lost(source: str, target: str, to: Language) -> bool:
    """Whether `source` surely denies something and nothing in `target`, in the language `to`, may.

    >>> lost("We do not sell bread.", "我们卖面包。", "zh"), lost("Not only bread.", "有面包。", "zh")
    (True, False)
    """
    return _denies(source, "en" if to == "zh" else "zh") and not _may_deny(target, to)


def turned(one: str, other: str) -> bool:
    """Whether one of two sentences, in whichever language each is, surely denies and the other cannot.

    >>> turned("Dogs must not stay in the cabins.", "狗可以住在船舱里。"), turned("不得续借。", "不能续借。")
    (True, False)
    """
    first, second = (language(text) or "en" for text in (one, other))
    return (_denies(one, first) and not _may_deny(other, second)) or (
        _denies(other, second) and not _may_deny(one, first)
    )


def _denies(text: str, written: Language) -> bool:
    if written == "zh":
        return bool(_DENIES_ZH.search(_NO_DENIAL_ZH.sub(" ", text)))
    return bool(_DENIES_EN.search(_NO_DENIAL_EN.sub(" ", text)))


def _may_deny(text: str, written: Language) -> bool:
    return bool((_MAY_DENY_ZH if written == "zh" else _MAY_DENY_EN).search(text))
