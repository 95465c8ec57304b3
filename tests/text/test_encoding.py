"""Files in the encodings that Chinese and English people have are read right; what is no text is told."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_core.text.encoding import NotText, decode

SIMPLIFIED = "港口分三期建成，每一期都留下了不同的石料。当时的工程师对入口的深度意见不一，最后双方各让一步。"
TRADITIONAL = "港口分三期建成，每一期都留下了不同的石料。當時的工程師對入口的深度意見不一，最後雙方各讓一步。"
MIXED = "用Python 3.11写一个函数，返回list里最大的数；如果list是空的，就返回None。"
ENGLISH = "The harbour was built in three stages.\r\nEach stage left a different kind of stone behind.\r\n"
ACCENTED = "The caf\u00e9 \u201cNoir\u201d isn\u2019t open \u2013 na\u00efve visitors wait."


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (SIMPLIFIED, "utf-8 utf-8-sig gb18030 gbk gb2312 utf-16 utf-16-le utf-16-be utf-32"),
        (TRADITIONAL, "utf-8 utf-8-sig big5 cp950 gb18030 gbk utf-16 utf-16-le utf-16-be"),
        (MIXED, "utf-8 utf-8-sig gb18030 gb2312 utf-16 utf-16-le utf-16-be"),
        (ENGLISH, "ascii utf-8 utf-8-sig cp1252 utf-16 utf-16-le utf-16-be utf-32"),
        (ACCENTED, "utf-8 utf-8-sig cp1252 utf-16 utf-16-le"),
    ],
    ids=["simplified", "traditional", "mixed", "english", "accented"],
)
@pytest.mark.parametrize("times", [1, 40, 4000])
def test_a_text_is_read_as_it_was_written(text, encodings, times):
    for encoding in encodings.split():
        assert decode((text * times).encode(encoding)).text == text * times, encoding


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8", "utf-16-le"])
def test_one_sentence_is_enough(encoding):
    assert decode("最早的牆是石頭的。".encode(encoding)).text == "最早的牆是石頭的。"


def test_a_rare_character_of_gb18030_survives():
    text = f"他姓\U00020bb7，住在{SIMPLIFIED}"
    assert decode(text.encode("gb18030")).text == text


def test_what_the_file_says_is_believed_only_where_it_fits():
    assert decode(SIMPLIFIED.encode("gb18030"), "gb2312").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), "iso-8859-1").text != ""
    assert decode(SIMPLIFIED.encode("utf-8"), "hex").text == SIMPLIFIED
    assert decode(SIMPLIFIED.encode("utf-8"), "no such thing").text == SIMPLIFIED


def test_a_broken_byte_costs_one_character():
    data = bytearray((SIMPLIFIED * 100).encode())
    data[3000] = 0xFF
    text = decode(bytes(data)).text
    assert text.count("\ufffd") <= 3 and text.endswith(SIMPLIFIED)
    data = bytearray((SIMPLIFIED * 100).encode("gbk"))
    data[3001] = 0xFF
    assert decode(bytes(data)).encoding == "gb18030"


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01" + b"\0" * 2000, b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 9,
     "Порт строили в три этапа, и каждый этап оставил камень другого рода.".encode("cp1251"),
     "항구는 세 단계로 지어졌으며 각 단계마다 다른 종류의 돌을 남겼다.".encode("euc-kr"),
     "港は三期に分けて建設され、それぞれの時期に異なる石が残された。".encode("shift-jis")],
)  # fmt: skip
def test_what_is_no_text_or_an_unknown_one_is_told(data):
    with pytest.raises(NotText):
        decode(data)


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data):
    with contextlib.suppress(NotText):
        assert isinstance(decode(data).text, str)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200))
def test_utf8_is_always_read(text):
    assert decode(text.encode("utf-8-sig")).text == text
