"""Personal data are found where they are, and numbers that only look like them are left alone. All made up here."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.training.personal import find, identity_valid, luhn_valid, mask


def checked(first17: str) -> str:
    """A made-up identity number with its check digit by ISO 7064, MOD 11-2, in its recursive form."""
    rest = 0
    for digit in first17:
        rest = (rest + int(digit)) * 2 % 11
    check = (12 - rest) % 11
    return first17 + "0123456789X"[check]


def with_luhn(digits: str) -> str:
    """The one card number that begins so and is valid, found by trying."""
    doubled = {str(d): sum(map(int, str(2 * d))) for d in range(10)}
    total = sum(doubled[d] if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


TRUE = [
    ("email", "Write to ann.lee@example.org today.", "ann.lee@example.org"),
    ("email", "邮箱：wang_wei99@mail.example.cn，谢谢", "wang_wei99@mail.example.cn"),
    ("email", "请发到zhao@example.com.cn。", "zhao@example.com.cn"),
    ("email", "<first+tag@sub.example.co.uk>", "first+tag@sub.example.co.uk"),
    ("email", "mailto:o-brien@example.ie?subject=hi", "o-brien@example.ie"),
    ("email", "a1@b2.example.io, second one follows", "a1@b2.example.io"),
    ("identity", "身份证号11010519491231002X。", "11010519491231002X"),
    ("identity", f"身份证：{checked('44052419880101001')}", checked("44052419880101001")),
    ("identity", f"号码 {checked('31010120000229123')} 已登记", checked("31010120000229123")),
    ("identity", f"ID {checked('11010119900307775')}", checked("11010119900307775")),
    ("identity", f"他的证件是{checked('65010119650815342')}吗", checked("65010119650815342")),
    ("card", "card 4111 1111 1111 1111 expires soon", "4111 1111 1111 1111"),
    ("card", "卡号4111111111111111", "4111111111111111"),
    ("card", "5555-5555-5555-4444", "5555-5555-5555-4444"),
    ("card", "Amex 378282246310005.", "378282246310005"),
    ("card", f"银联卡{with_luhn('622202123456789012')}。", with_luhn("622202123456789012")),
    ("card", "6011111111111117 is a test number", "6011111111111117"),
    ("phone", "我的手机是13812345678。", "13812345678"),
    ("phone", "手机：138 1234 5678", "138 1234 5678"),
    ("phone", "139-1234-5678（微信同号）", "139-1234-5678"),
    ("phone", "+86 15912345678", "+86 15912345678"),
    ("phone", "联系电话008617712345678，", "008617712345678"),
    ("phone", "电话19912345678转告", "19912345678"),
    ("phone", "座机010-62345678", "010-62345678"),
    ("phone", "021 6234 5678", "021 6234 5678"),
    ("phone", "(0755) 8234-5678", "(0755) 8234-5678"),
    ("phone", "（0571）87654321", "（0571）87654321"),
    ("phone", "电话：0731-8234567转801", "0731-8234567转801"),
    ("phone", "客服400-123-4567", "400-123-4567"),
    ("phone", "hotline 800-820-8820", "800-820-8820"),
    ("phone", "London: +44 20 7946 0018", "+44 20 7946 0018"),
    ("phone", "Berlin +49 30 901820 please", "+49 30 901820"),
    ("phone", "call +1 (555) 010-0199", "+1 (555) 010-0199"),
    ("phone", "(555) 010-0142 after six", "(555) 010-0142"),
    ("phone", "my number is 555-010-0199.", "555-010-0199"),
    ("phone", "dial 415-555-0132 now", "415-555-0132"),
    ("phone", "Tokyo +81-3-1234-5678", "+81-3-1234-5678"),
    ("ipv4", "server at 192.168.10.25:8080", "192.168.10.25"),
    ("ipv4", "服务器地址10.0.0.8，", "10.0.0.8"),
    ("ipv4", "from 203.0.113.77 to", "203.0.113.77"),
    ("ipv6", "2001:db8:85a3::8a2e:370:7334 answered", "2001:db8:85a3::8a2e:370:7334"),
    ("ipv6", "fe80::1ff:fe23:4567:890a", "fe80::1ff:fe23:4567:890a"),
    ("ipv6", "地址2001:0db8:0000:0000:0000:ff00:0042:8329。", "2001:0db8:0000:0000:0000:ff00:0042:8329"),
    ("mac", "MAC 00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E"),
    ("mac", "网卡a4-5e-60-c2-3b-11", "a4-5e-60-c2-3b-11"),
]

FALSE = [
    "In 2023 we sold 12345678 units.",
    "版本号1.2.3.4.5发布",
    "version 10.15.7.1.2 of the system",
    "300.1.2.3 is no address",
    "the loop listens on 127.0.0.1",
    "bind to 0.0.0.0 for all",
    "圆周率是3.14159265358979323846",
    "2024-01-15 10:30:45",
    "10:30:45 and 12:15:00",
    "std::vector<int> v",
    "a::b is a path",
    "ratio 3:4:5",
    "ISBN 978-7-115-42802-8",
    "order 1234567890123 shipped",
    "订单号4111111111111112",
    "4111 1111 1111 1112",
    "身份证号110105194912310021",
    "110105199013010028",
    "990105194912310025",
    "111111111111111111",
    "0000000000000000",
    "编号12345678901",
    "10012345678",
    "12812345678",
    "产品138123456789",
    "SN13812345678A",
    "价格是13812345678.50元",
    "x138-1234-5678",
    "user@localhost",
    "@mention and foo@ bar",
    "a@b..example",
    "price@3.50 each",
    "decorator @app.route here",
    "pages 555-560",
    "the years 1999-2001-2003",
    "2+2=4 and 3+15=18",
    "+100 points, +2000 more",
    "00:1A:2B:3C:4D",
    "00:00:00:00:00:00",
    "00:1A:2B:3C:4D:5E:6F",
    "共有010个",
    "电话簿0 条",
    "第2010-12345678号文件",
    "人口14亿，面积960万平方公里",
    "e = 2.718281828459045",
    "0x1F600 to 0x1F64F",
    "https://example.org/2021/03/04/5678",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "piece"), TRUE)
def test_it_is_found(kind: str, text: str, piece: str) -> None:
    (found,) = find(text)
    assert (found.kind, found.text) == (kind, piece)
    assert found.span.of(text) == piece
    assert mask(text) == text.replace(piece, f"[{kind.upper()}]")


@pytest.mark.parametrize("text", FALSE)
def test_it_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_there_are_enough_cases() -> None:
    assert len(TRUE) >= 40 and len(FALSE) >= 40


@given(st.from_regex(r"11010[1-9]19[5-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True))
def test_of_eighteen_digits_one_in_eleven_is_an_identity(first17: str) -> None:
    valid = [check for check in "0123456789X" if identity_valid(first17 + check)]
    assert valid == [checked(first17)[-1]]


@given(st.from_regex(r"[1-9][0-9]{11,17}", fullmatch=True))
def test_of_ten_last_digits_one_is_a_card(digits: str) -> None:
    assert [d for d in "0123456789" if luhn_valid(digits + d)] == [with_luhn(digits)[-1]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*FALSE, *(text for _, text, _ in TRUE)]), max_size=6).map("\n".join))
def test_spans_are_in_order_and_apart_and_what_is_masked_is_gone(text: str) -> None:
    found = find(text)
    assert all(before.span.end <= after.span.start for before, after in pairwise(found))
    assert find(mask(text)) == []


def test_a_hostile_line_costs_no_more_than_its_length() -> None:
    for piece in ("1-", "1.", "a@", "a.", "0:", "::", "+1 ", "(1", "13"):
        assert isinstance(find(piece * 20_000), list)
