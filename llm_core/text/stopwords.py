"""Words that say how a sentence is built rather than what it is about. Lists of our own, both languages."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = """
a about above across after again against ago all almost along already also although always am among an and
another any anyone anything are aren't around as at away back be became because become been before behind
being below between both but by came can can't cannot come could couldn't did didn't do does doesn't doing
don't done down during each either else enough etc even ever every everyone everything few first for former
from further gave get gets getting give given gives go goes going gone got had hadn't has hasn't have haven't
having he he'd he'll he's hence her here hers herself him himself his how however i i'd i'll i'm i've if in
indeed instead into is isn't it it'd it'll it's its itself just keep kept last later latter least less let
let's like likely made make makes making many may maybe me might mine more moreover most mostly much must my
myself near nearly neither never nevertheless next no nobody none nor not nothing now of off often on once
one ones only onto or other others otherwise our ours ourselves out over own per perhaps put quite rather
really said same saw say says see seem seemed seems seen several shall she she'd she'll she's should
shouldn't since so some somebody someone something sometimes somewhat soon still such take taken takes than
that that's the their theirs them themselves then there there's therefore these they they'd they'll they're
they've thing things this those though through throughout thus to together too took toward towards under
unless until up upon us use used uses using usually very via want was wasn't way we we'd we'll we're we've
well went were weren't what whatever when whenever where whereas whether which while who whole whom whose why
will with within without won't would wouldn't yes yet you you'd you'll you're you've your yours yourself
"""

_CHINESE: Final = """
的 了 着 过 地 得 之 乎 者 也 矣 焉 哉 吗 呢 吧 啊 呀 哦 哎 唉 嘛 么 啦 罢了 而已 我 你 他 她 它 您 咱 我们
你们 他们 她们 它们 咱们 自己 人家 大家 别人 某 本 该 此 彼 其 各 每 另 另外 其它 其他 其中 这 那 哪 这个
那个 哪个 这些 那些 哪些 这里 那里 哪里 这儿 那儿 这样 那样 怎样 这么 那么 怎么 什么 谁 多少 几 为什么 如何
怎么样 是 有 在 为 被 把 将 对 从 向 往 由 于 以 与 和 及 跟 同 给 让 使 叫 比 按 按照 根据 依据 通过 经过
关于 对于 至于 由于 为了 随着 除了 除 沿着 不 没 没有 无 非 未 别 勿 不是 不会 不能 不要 而 且 并 并且 而且
但 但是 可是 然而 不过 却 只是 虽然 尽管 即使 如果 假如 要是 只要 只有 除非 因为 因此 因而 所以 于是 从而
以便 以及 以至 或 或者 还是 要么 不但 不仅 不论 无论 不管 既 既然 即 即便 则 就 才 便 又 再 还 都 均 皆 全 总
只 仅 仅仅 单 光 凡 凡是 很 太 更 最 极 非常 十分 特别 尤其 比较 较 相当 稍 略 几乎 差不多 大约 大概 左右
上下 已 已经 曾 曾经 正 正在 刚 刚刚 将要 就要 马上 立刻 常 常常 经常 往往 总是 一直 始终 从来 仍 仍然 依然
尚 尚未 可 可以 能 能够 会 要 应 应该 应当 必须 需要 需 得以 敢 肯 愿意 想 来 去 到 起 起来 出 出来 上 下 进
回 开 过来 过去 下去 上来 来说 一 二 三 四 五 六 七 八 九 十 两 个 种 些 次 位 件 条 张 年 月 日 时 时候 之后
之前 以后 以前 以来 以上 以下 以内 以外 之间 之中 之内 之外 之一 里 中 内 外 前 后 左 右 间 旁 边 处 方 面
方面 一个 一种 一些 一样 一般 一定 一起 一下 一点 第一 第二 第三 首先 其次 再次 最后 然后 接着 同时 此外
另一方面 所 等 等等 之类 似的 一切 任何 许多 很多 不少 多 少 大 小 好 说 看 做 用 使得 进行 作为 认为 成为
称为 属于 具有 存在 包括 例如 比如 如 像 好像 所谓 总之 即可 即将 如此 如下 的话 来自 至 至今 自 自从 亦 乃
且说 甚至 何 何况 况且 反之 否则 不然 不同 同样 相同 当 当时 每个 各种 各个 本身 有的 有些
"""

STOP_WORDS: Final = frozenset(_ENGLISH.split()) | frozenset(_CHINESE.split())
