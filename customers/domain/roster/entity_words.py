"""Findings on businesses and units in words, Chinese and English: of a row of a list, and of a field of a page."""

from collections.abc import Mapping
from typing import Final

_CHECK_LICENCE: Final = ("请对照营业执照更正", "Correct it from the business licence")

# As customers.domain.roster.words.WORDS: what happened (zh, en), what to do (zh, en).
ENTITY_WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "uscc_length": (
        ("统一社会信用代码“{value}”不是 18 位", "The credit code “{value}” has not 18 characters"),
        _CHECK_LICENCE,
    ),
    "uscc_characters": (
        ("统一社会信用代码“{value}”有不用的字符", "The credit code “{value}” has characters that are not used"),
        (
            "代码不用字母 I、O、S、V、Z，请对照营业执照更正",
            "Codes never use I, O, S, V or Z; correct it from the business licence",
        ),
    ),
    "uscc_check_character": (
        ("统一社会信用代码“{value}”校验位不对", "The check character of the credit code “{value}” is wrong"),
        _CHECK_LICENCE,
    ),
    "uscc_body": (
        (
            "统一社会信用代码“{value}”中的机构代码校验位不对",
            "The organisation code inside “{value}” has another check character",
        ),
        ("请对照营业执照核对，无误可保留", "Compare it with the business licence; keep it if it is right"),
    ),
    "uscc_of_another_kind": (
        ("统一社会信用代码“{value}”与类别不符", "The credit code “{value}” is of another class"),
        (
            "个体工商户以 92 开头，合作社以 93，企业以 91；请核对类别",
            "92 is an individual business, 93 a co-operative, 91 an enterprise: check the class",
        ),
    ),
    "uscc_filed": (
        ("这个统一社会信用代码已经建档", "This credit code is on file already"),
        (
            "请先用搜索查找；查不到的，由支行行长核对在哪个网格",
            "Search for it first; if it is not found, the branch manager sees in which grid it is",
        ),
    ),
    "uscc_twice": (
        ("统一社会信用代码“{value}”与第 {also} 行相同", "The credit code “{value}” is also in row {also}"),
        ("请删去多余的一行，或更正代码", "Delete one of the rows, or correct the code"),
    ),
    "entity_twice": (
        ("“{value}”与第 {also} 行是同一网格的同名主体", "“{value}” has the name and grid of row {also}"),
        (
            "请填统一社会信用代码或不同的地址加以区分，或删去多余的一行",
            "Tell them apart by credit code or address, or delete one of the rows",
        ),
    ),
    "entity_name_missing": (
        ("没有名称", "The name is missing"),
        ("请填招牌或执照上的名称", "Give the name on the sign or the licence"),
    ),
    "entity_text_too_long": (("“{value}…”太长", "“{value}…” is too long"), ("请写得短一些", "Make it shorter")),
    "entity_kind_unknown": (
        ("类别“{value}”不认识", "The class “{value}” is not known"),
        (
            "商户填：个体工商户、无照经营、家庭农场、合作社、龙头企业、其他；单位填：机关事业单位、企业",
            "Businesses: 个体工商户, 无照经营, 家庭农场, 合作社, 龙头企业, 其他; units: 机关事业单位, 企业",
        ),
    ),
    "unlicensed_with_licence": (
        ("无照经营却有执照“{value}”", "Said to have no licence, but “{value}” is given"),
        ("请把类别改为个体工商户，或去掉代码和执照名称", "Change the class, or take out code and licence name"),
    ),
    "principal_missing": (
        ("没有负责人", "Nobody answers for the business"),
        ("请填负责人姓名", "Give the name of the person in charge"),
    ),
    "founded_unreadable": (
        ("成立日期“{value}”看不懂", "The founding date “{value}” cannot be read"),
        ("写成 2018-06-01；不知道可以留空", "Write it as 2018-06-01, or leave it empty"),
    ),
    "entity_name_in_grid": (
        ("本网格已有“{value}”", "“{value}” is in this grid already"),
        ("请先看已有的；确是另一家，再保存一次", "Look at that one first; if this is another, save again"),
    ),
    "head_name_in_grid": (
        ("本网格已有户主“{value}”", "A head of household named “{value}” is in this grid already"),
        ("请先看已有的那一户；确是另一户，再保存一次", "Look at that household first; if this is another, save again"),
    ),
    "place_unknown": (
        ("网格“{value}”不在本支行范围内", "The grid “{value}” is none of this branch"),
        (
            "导入后列入“未入格”，由支行行长指定网格",
            "It is imported as in no grid; the branch manager says where it belongs",
        ),
    ),
    "place_of_another_kind": (
        ("网格“{value}”不收这类主体", "The grid “{value}” does not hold this kind"),
        (
            "导入后列入“未入格”，由支行行长指定网格",
            "It is imported as in no grid; the branch manager says where it belongs",
        ),
    ),
    "place_missing": (
        ("没有填所在网格", "No grid is given"),
        (
            "导入后列入“未入格”，由支行行长指定网格",
            "It is imported as in no grid; the branch manager says where it belongs",
        ),
    ),
    "place_ambiguous": (
        ("“{value}”有几个同名网格", "“{value}” may be any of several grids"),
        (
            "导入后列入“未入格”，由支行行长指定网格",
            "It is imported as in no grid; the branch manager says where it belongs",
        ),
    ),
    "entity_in_another_grid": (
        ("“{value}”已在别的网格建档", "“{value}” is on file in another grid"),
        ("仍由原网格计数，不会自动迁移", "It stays with and is counted by its grid; nothing is moved"),
    ),
    "entity_of_another_kind": (
        (
            "统一社会信用代码“{value}”已按另一类主体建档",
            "The credit code “{value}” is on file as another kind of subject",
        ),
        ("请从文件中删去这一行", "Take the row out of the file"),
    ),
    "entity_has_left": (
        ("“{value}”已停业或迁出", "“{value}” has closed down or moved away"),
        ("保持原样；确已复业的，作为新主体重新登记", "It stays so; one that has opened again is filed anew"),
    ),
    "leaving_in_the_future": (("日期不对", "The date is wrong"), ("日期不能晚于今天", "It cannot be later than today")),
    "household_number_filed": (
        ("本网格已有户号“{value}”", "The household number “{value}” is in this grid already"),
        ("请先看已有的那一户，或换一个户号", "Look at that household first, or take another number"),
    ),
    "id_filed": (
        ("这个身份证号已经建档", "This ID number is on file already"),
        (
            "请先用搜索查找；查不到的，由支行行长核对在哪个网格",
            "Search for it first; if it is not found, the branch manager sees in which grid it is",
        ),
    ),
}
