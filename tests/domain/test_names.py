"""Names: spelling, order, tokens and search texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import names

han = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王小明", "王小明"),
        (" 王　小 明 ", "王小明"),
        ("\u200b王小明\ufeff", "王小明"),
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽 ・ 买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("ＡＬＩ　Khan", "ALI Khan"),
        ("J. Smith", "J. Smith"),
        ("·王·", "王"),
    ],
)
def test_one_spelling(text, name):
    assert names.normalise_name(text) == name


@pytest.mark.parametrize(
    ("name", "errors", "warnings"),
    [
        ("王小明", (), ()),
        ("欧阳长乐·买", (), ()),
        ("㐂子", (), ()),
        ("邬𬭼", (), ()),
        ("Ali Khan", (), ()),
        ("", ("name_missing",), ()),
        ("王" * 51, ("name_too_long",), ()),
        ("王小明2", ("name_characters",), ()),
        ("王?", ("name_characters",), ()),
        ("(王明)", ("name_characters",), ()),
        ("王\ue123", (), ("name_private_use",)),
        ("王", (), ("name_single",)),
    ],
)
def test_check(name, errors, warnings):
    assert names.check_name(name) == (errors, warnings)


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("王小明", ["王小", "小明", "明", "wangxiaoming", "wxm", "xiaoming"]),
        ("单田芳", ["shantianfang", "stf", "dantianfang", "dtf"]),
        ("曾国强", ["zengguoqiang", "zgq", "cengguoqiang", "zengguojiang"]),
        ("解珍", ["xiezhen", "jiezhen", "xz", "jz"]),
        ("仇英", ["qiuying", "chouying"]),
        ("区伟", ["ouwei", "quwei"]),
        ("朴树", ["piaoshu", "pushu"]),
        ("乐长顺", ["yuechangshun", "lechangshun", "yuezhangshun", "ycs"]),
        ("欧阳明", ["ouyangming", "oym", "阳明"]),
        ("尉迟恭", ["yuchigong", "ycg"]),
        ("吕布", ["lvbu", "lb"]),
        ("阿依古丽·买买提", ["阿依", "丽买", "ayigulimaimaiti"]),
        ("Ali Khan", ["alikhan", "khan", "ak"]),
        ("王", ["王", "wang", "w"]),
    ],
)
def test_found_by(name, found_by):
    assert set(found_by) <= set(names.tokens(name))


def test_surname_is_not_read_as_in_running_text():
    assert names.tokens("曾国")[2] == "zengguo"
    assert names.sort_key("曾国").startswith("zeng1 ")


def test_order_is_that_of_pinyin_with_tones():
    people = ["张三", "王五", "李四", "王二", "单一", "曾六", "Ali"]

    assert sorted(people, key=names.sort_key) == ["Ali", "李四", "单一", "王二", "王五", "曾六", "张三"]


@pytest.mark.parametrize(
    ("text", "kind", "filled"),
    [
        ("王小", "name", {"pieces": ("王小",)}),
        ("王 小明", "name", {"pieces": ("王小", "小明"), "name": "王小明"}),
        ("王", "name", {"prefix": "王", "pieces": ()}),
        ("丽·买", "name", {"pieces": ("丽买",)}),
        ("WXM", "letters", {"prefix": "wxm"}),
        ("lü'bu", "letters", {"prefix": "lvbu"}),
        ("wang xiao", "letters", {"prefix": "wangxiao"}),
        ("1234", "digits", {"household_number": "1234", "id_tail": "1234", "phone_tail": "1234"}),
        ("００12", "digits", {"id_tail": "0012"}),
        ("12x", "household_number", {"household_number": "12X"}),
        ("123x", "id_tail", {"id_tail": "123X"}),
        ("12345", "digits", {"household_number": "12345", "id_tail": ""}),
        ("h-0012", "household_number", {"household_number": "H-0012"}),
        ("+86 138 0000 1234", "phone", {"phone": "13800001234"}),
        ("11010519491231002x", "id_number", {"id_number": "11010519491231002X"}),
        ("110105491231002", "id_number", {"id_number": "11010519491231002X"}),
        ("  ", "empty", {}),
    ],
)
def test_query(text, kind, filled):
    query = names.classify(text)

    assert query.kind == kind
    assert {name: getattr(query, name) for name in filled} == filled


@given(han)
def test_every_typed_part_of_a_name_finds_it(name):
    found = set(names.tokens(name))

    for start in range(len(name)):
        query = names.classify(name[start : start + 3])
        assert set(query.pieces) <= found
        assert query.prefix == "" or any(token.startswith(query.prefix) for token in found)


@given(st.text(max_size=60))
def test_any_text_can_be_read(text):
    name = names.normalise_name(text)

    assert names.normalise_name(name) == name
    assert all(0 < len(token) <= names.LONGEST_TOKEN for token in names.tokens(name))
    assert len(names.sort_key(name)) <= 200
    names.check_name(name)
    names.classify(text)
