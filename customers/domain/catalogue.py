"""The words a household file is made of: codes with their Chinese and English labels.

Codes are stored, labels are shown. The lists are released parameters in spirit: a code is never reused with another
meaning and never removed, because profiles that carry it are kept for ever. Sources: the collection forms 农户信息采集表,
农户评级授信信息采集表 and 农户小额信用贷款资料, and GB/T 4761 for family relations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def label(self, language: str = "zh") -> str:
        """The text in ``language`` ("en..." is English, everything else Chinese)."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of a list: stored code, Chinese and English label."""

    code: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """The label in `language` ("en..." is English, everything else Chinese)."""
        return self.en if language.startswith("en") else self.zh


def _kinds(*rows: tuple[str, str, str]) -> Mapping[str, Kind]:
    return MappingProxyType({code: Kind(code, zh, en) for code, zh, en in rows})


LABOUR: Final = _kinds(
    ("able", "有劳动能力", "able to work"),
    ("partial", "部分劳动能力", "partly able to work"),
    ("unable", "无劳动能力", "unable to work"),
)

OCCUPATIONS: Final = _kinds(
    ("farming", "种植", "crop farming"),
    ("breeding", "养殖", "livestock or fish farming"),
    ("trade", "经商", "trade or business"),
    ("migrant_work", "外出务工", "work away from home"),
    ("local_work", "本地务工", "local wage work"),
    ("salaried", "公职或企事业单位", "public or salaried post"),
    ("student", "学生", "student"),
    ("retired", "退休或养老", "retired"),
    ("at_home", "居家", "at home"),
    ("other", "其他", "other"),
)

ASSETS: Final = _kinds(
    ("house", "农村房屋", "rural house"),
    ("town_house", "城镇房产", "town property"),
    ("land", "土地经营权、林权", "land or forest use rights"),
    ("machinery", "农机具", "farm machinery"),
    ("vehicle", "交通工具", "vehicle"),
    ("appliances", "家用电器和家具", "household appliances and furniture"),
    ("deposit", "存款", "deposits"),
    ("equity", "股权和投资", "equity and investments"),
    ("receivable", "应收款", "money owed to the household"),
    ("crop_stock", "种植存货", "crops in stock"),
    ("livestock", "养殖存货", "livestock in stock"),
    ("shop_stock", "经营存货和设备", "business stock and equipment"),
    ("other", "其他资产", "other assets"),
)

CREDITORS: Final = _kinds(
    ("own_bank", "本行借款", "loan from our bank"),
    ("other_bank", "他行借款", "loan from another bank"),
    ("other_institution", "其他金融机构借款", "loan from another institution"),
    ("private", "民间借款", "private loan"),
    ("credit_card", "信用卡", "credit card"),
)

INCOME_SOURCES: Final = _kinds(
    ("planting", "种植", "crops"),
    ("breeding", "养殖", "livestock and fish"),
    ("commerce", "商业经营", "trade and business"),
    ("labour", "务工", "work away or by the day"),
    ("wage", "工资", "salary"),
    ("rent", "租金和流转", "rent and land transfer"),
    ("subsidy", "国家补贴", "state subsidies"),
    ("housing_fund", "住房公积金", "housing fund"),
    ("other", "其他收入", "other income"),
)

# 家庭经营性收入 of scheme S6 is what the household earns by running something itself.
OPERATING_SOURCES: Final = frozenset({"planting", "breeding", "commerce"})

EXPENSES: Final = _kinds(
    ("living", "生活消费", "living"),
    ("education", "子女教育", "education"),
    ("medical", "医疗", "medical"),
    ("gifts", "人情往来", "gifts and ceremonies"),
    ("major", "家庭重大支出", "major family spending"),
    ("other", "其他支出", "other spending"),
)

PERFORMANCE: Final = _kinds(
    ("none", "无业务往来", "no dealings so far"),
    ("normal", "正常", "kept"),
    ("breached", "有违约", "breached"),
)

BREACH_OF: Final = _kinds(
    ("principal", "欠本", "principal"),
    ("interest", "欠息", "interest"),
    ("both", "本息都欠", "principal and interest"),
)

REPAID: Final = _kinds(
    ("unpaid", "未履约", "not repaid"),
    ("within_1_year", "一年内履约", "repaid within one year"),
    ("within_2_years", "两年内履约", "repaid within two years"),
    ("within_3_years", "三年内履约", "repaid within three years"),
    ("over_3_years", "三年以上履约", "repaid after more than three years"),
)

MEASURES: Final = _kinds(
    ("reminder", "催收", "after reminders"),
    ("administrative", "行政", "after administrative measures"),
    ("judicial", "司法", "after court action"),
)

JUDGEMENTS: Final = _kinds(
    ("excellent", "优秀", "excellent"),
    ("good", "较好", "good"),
    ("fair", "一般", "fair"),
    ("poor", "差", "poor"),
)

GRADES: Final = _kinds(("AAA", "AAA 级", "AAA"), ("AA", "AA 级", "AA"), ("A", "A 级", "A"))

NEEDS: Final = _kinds(
    ("production_loan", "生产经营贷款", "loan for production or business"),
    ("consumer_loan", "消费贷款", "consumer loan"),
    ("housing_loan", "建房购房贷款", "loan for a house"),
    ("education_loan", "助学贷款", "education loan"),
    ("deposit", "存款理财", "deposits and savings"),
    ("card", "银行卡", "bank card"),
    ("mobile_bank", "手机银行", "mobile banking"),
    ("merchant_code", "收款码", "merchant payment code"),
    ("other", "其他需求", "other"),
)

SEXES: Final = _kinds(("M", "男", "male"), ("F", "女", "female"))


@dataclass(frozen=True, slots=True)
class Relation(Kind):
    """Relation of a person to the head of the household; `sex` is M or F where the word itself says it."""

    sex: str = ""


_RELATIONS: Final = (
    Relation("head", "户主", "head"),
    Relation("spouse", "配偶", "spouse"),
    Relation("son", "子", "son", "M"),
    Relation("daughter", "女", "daughter", "F"),
    Relation("son_in_law", "女婿", "son-in-law", "M"),
    Relation("daughter_in_law", "儿媳", "daughter-in-law", "F"),
    Relation("father", "父亲", "father", "M"),
    Relation("mother", "母亲", "mother", "F"),
    Relation("parent_in_law", "岳父母/公婆", "parent-in-law"),
    Relation("grandchild", "孙辈", "grandchild"),
    Relation("grandparent", "祖辈", "grandparent"),
    Relation("sibling", "兄弟姐妹", "sibling"),
    Relation("other", "其他", "other"),
)
RELATIONS: Final[Mapping[str, Relation]] = MappingProxyType({relation.code: relation for relation in _RELATIONS})


def relation(code: str, language: str) -> str:
    """Return a relation as a page writes it, "" for none: Head, 户主."""
    label = RELATIONS[code].label(language) if code in RELATIONS else ""
    return label[:1].upper() + label[1:]


# What rosters really write beside the labels above, numbers of GB/T 4761 included. 子女 and 父母 are not here: they leave
# open which of two it is, and the file is asked to say.
_RELATION_WORDS: Final[Mapping[str, str]] = {
    "head": "本人 户主本人 本户户主 家长 小集体户户主 01 02 1 2 self householder",
    "spouse": "妻 妻子 夫 丈夫 老婆 爱人 老公 之妻 之夫 户主配偶 10 11 12 wife husband",
    "son": (
        "儿子 独生子 长子 大儿子 次子 二子 二儿子 三子 三儿子 四子 四儿子 五子 六子 小儿子 幼子 养子 继子 养子或继子 "
        "其他儿子 之子 20 21 22 23 24 25 26 27 28"
    ),
    "daughter": (
        "女儿 独生女 长女 大女儿 次女 二女 二女儿 三女 三女儿 四女 四女儿 五女 六女 小女儿 幼女 养女 继女 养女或继女 "
        "其他女儿 之女 30 31 32 33 34 35 36 37 38"
    ),
    "son_in_law": "长婿 次婿 入赘女婿 养女婿 39 soninlaw",
    "daughter_in_law": "儿媳妇 媳妇 媳 长媳 次媳 二儿媳 三媳 三儿媳 29 daughterinlaw",
    "grandchild": (
        "孙 孙子 孙女 长孙 次孙 三孙 长孙女 孙子女 外孙 外孙子 外孙女 孙媳 孙媳妇 孙女婿 外孙媳 外孙媳妇 外孙女婿 孙媳妇或外孙媳妇 "
        "曾孙 曾孙子 曾孙女 重孙 重孙子 重孙女 外曾孙 40 41 42 43 44 45 46 47 48 49 grandson granddaughter"
    ),
    "father": "父 爸爸 爸 养父 继父 生父 51",
    "mother": "母 妈妈 妈 养母 继母 生母 52",
    "parent_in_law": "公公 婆婆 公婆 岳父 岳母 岳父母 丈人 丈母娘 家翁 家婆 53 54 55 56 57 58 father-in-law mother-in-law",
    "grandparent": (
        "祖父 祖母 爷爷 奶奶 外祖父 外祖母 外公 外婆 姥姥 姥爷 祖父母 外祖父母 曾祖父 曾祖母 60 61 62 63 64 65 66 67 68 grandfather "
        "grandmother"
    ),
    "sibling": "兄 弟 哥 哥哥 弟弟 兄长 兄弟 胞兄 胞弟 姐 妹 姐姐 妹妹 姊 姊妹 姐妹 兄弟姊妹 70 71 73 75 77 brother sister",
    "other": (
        "其它 其他亲属 其它亲属 亲属 侄 侄子 侄儿 侄女 侄孙 侄媳 外甥 外甥女 甥 甥女 伯父 伯母 伯 叔 叔叔 叔父 婶 婶婶 舅 舅舅 舅父 舅母 "
        "姑 姑姑 姑母 姑父 姨 姨母 姨父 嫂 嫂子 嫂嫂 弟媳 弟妹 姐夫 妹夫 表兄 表弟 表姐 表妹 堂兄 堂弟 堂姐 堂妹 妯娌 连襟 妻弟 妻妹 小叔 小姑 "
        "非亲属 保姆 寄居 寄养 雇工 寄住 户主保姆 集体户成员 72 74 76 78 79 80 90 97 99 otherrelative notrelated unrelated"
    ),
}


def relation_words() -> Mapping[str, str]:
    """Every accepted word for a relation, in lower case and without spaces, with the code it stands for."""
    words = {relation.zh: relation.code for relation in _RELATIONS}
    words |= {relation.en: relation.code for relation in _RELATIONS}
    words |= {relation.code: relation.code for relation in _RELATIONS}
    for code, text in _RELATION_WORDS.items():
        words |= dict.fromkeys(text.split(), code)
    return MappingProxyType(words)


def choices(kinds: Mapping[str, Kind], language: str = "zh") -> list[tuple[str, str]]:
    """`(code, label)` pairs of a list in its own order, for a form."""
    return [(kind.code, kind.label(language)) for kind in kinds.values()]


def labels(codes: Iterable[str], kinds: Mapping[str, Kind], language: str = "zh") -> list[str]:
    """Labels of `codes`; an unknown code stands for itself, so that old documents stay readable."""
    return [kinds[code].label(language) if code in kinds else code for code in codes]
