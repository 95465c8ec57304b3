"""Personal data in a text, as spans: phone, identity and bank-card numbers, e-mail and network addresses.

Numbers with check digits are believed only where these are right, others by their form and what stands beside them.
What is found can be masked by a placeholder of its kind, or put aside and put back (`Found` says where it stood).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from llm_core.text.spans import Span

Kind = Literal["email", "identity", "card", "phone", "mac", "ipv6", "ipv4"]


@dataclass(frozen=True)
class Found:
    """One piece of personal data."""

    kind: Kind
    span: Span
    text: str


_EMAIL = re.compile(
    r"(?<![\w.%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,4}"
    r"[A-Za-z]{2,24}(?![A-Za-z0-9-])",
    re.ASCII,
)
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")
_CARD = re.compile(
    r"(?<![\w.-])(?:\d{13,19}|\d{4}(?P<gap>[ -])(?:\d{4}(?P=gap)){2,3}\d{1,7})(?![\w-]|\.\d)", re.ASCII
)
_MAC = re.compile(
    r"(?<![\w:-])(?:[0-9A-Fa-f]{2}(?P<gap>[:-])(?:[0-9A-Fa-f]{2}(?P=gap)){4}[0-9A-Fa-f]{2})(?![\w:-])", re.ASCII
)
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])", re.ASCII)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)", re.ASCII)
_EDGE = r"(?<![\w.+-])(?<!\d[ /])"
_PHONES = (
    # Chinese mobile numbers: 1[3-9] and nine digits, plain or as 3-4-4
    re.compile(r"(?<![0-9A-Za-z.+-])(?:(?:\+|00)86[ -]?)?1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?![0-9A-Za-z-]|\.\d)"),
    # Chinese landlines: area code 0xx(x) with a hyphen, a blank or brackets, and perhaps an extension
    re.compile(r"(?<![0-9A-Za-z.-])(?:0(?:10|2\d|[3-9]\d{2})[- ]|[(（]0(?:10|2\d|[3-9]\d{2})[)）] ?)"
               r"[2-8]\d{2,3}[ -]?\d{4}(?:(?:-|转| ?ext\.? ?)\d{1,5})?(?![0-9A-Za-z-])"),
    re.compile(r"(?<![0-9A-Za-z.-])[48]00[- ]\d{3}[- ]\d{4}(?![0-9A-Za-z-])"),
    # international: + and a country, seven to fifteen digits in all
    re.compile(r"(?<![\w+])\+[1-9]\d{0,2}(?:[ .-]?\(\d{1,4}\))?(?:[ .-]?\d{1,4}){2,5}(?![\w-])", re.ASCII),
    # North American: (555) 010-0199 and 555-010-0199
    re.compile(_EDGE + r"(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[0-9]\d{2}[-.]\d{4}(?![\w-]|\.\d)", re.ASCII),
)  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = frozenset(map(str, [11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
                                 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83]))  # fmt: skip
_CARD_FIRST = "23456"  # travel, banks (China UnionPay 62, Visa 4, Mastercard 5 and 2, American Express 3)


def identity_valid(number: str) -> bool:
    """Whether a resident identity number of China is one: province, date of birth and check digit (GB 11643-1999)."""
    if number[:2] not in _PROVINCES:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return date(1900, 1, 1) <= born <= date.today() and _CHECKS[total % 11] == number[17].upper()


def luhn_valid(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def find(text: str) -> list[Found]:
    """All personal data of `text` in order; no two overlap, and the surer kind has what both would take."""
    taken, found = bytearray(len(text)), []
    for kind, candidates in _FINDERS:
        for span in candidates(text):
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                found.append(Found(kind, span, span.of(text)))
    return sorted(found, key=lambda each: each.span)


def mask(text: str, found: Sequence[Found] | None = None) -> str:
    """The text with a placeholder for each piece, the same for all of a kind: [PHONE].

    >>> mask("call +44 20 7946 0018 or write to ann@example.org")
    'call [PHONE] or write to [EMAIL]'
    """
    parts, end = [], 0
    for each in find(text) if found is None else found:
        parts += [text[end : each.span.start], f"[{each.kind.upper()}]"]
        end = each.span.end
    return "".join([*parts, text[end:]])


def _spans(pattern: re.Pattern[str], valid: Callable[[str], bool]) -> Callable[[str], Iterator[Span]]:
    def candidates(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            if valid(match[0]):
                yield Span(match.start(), match.end())

    return candidates


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _card(text: str) -> bool:
    digits = _digits(text)
    return 13 <= len(digits) <= 19 and digits[0] in _CARD_FIRST and len(set(digits)) > 1 and luhn_valid(digits)


def _address(version: int) -> Callable[[str], bool]:
    def valid(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        named = any(character.isdigit() for character in text)  # a::b is a name in a program
        return named and address.version == version and not address.is_unspecified and not address.is_loopback

    return valid


def _international(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


_FINDERS: tuple[tuple[Kind, Callable[[str], Iterator[Span]]], ...] = (
    ("email", _spans(_EMAIL, lambda text: ".." not in text)),
    ("identity", _spans(_IDENTITY, identity_valid)),
    ("card", _spans(_CARD, _card)),
    *(("phone", _spans(pattern, _international if r"\+[1-9]" in pattern.pattern else bool)) for pattern in _PHONES),
    ("mac", _spans(_MAC, lambda text: len(set(_digits(text) + text.lower())) > 3)),
    ("ipv6", _spans(_IPV6, _address(6))),
    ("ipv4", _spans(_IPV4, _address(4))),
)
