"""Readings of Chinese characters in personal names: what dictionaries get wrong about surnames, and characters read in two ways.

Dictionaries give the reading a character has in running text. As a surname 单 is read shan and 曾 zeng, and nobody looks
for Mr Zeng under "ceng".
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final


def _pairs(text: str) -> Mapping[str, str]:
    return MappingProxyType({pair[0]: pair[2:] for pair in text.split()})


def _choices(text: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({entry[0]: tuple(entry[1:].split("/")) for entry in text.split()})


# Surname -> its reading as a surname (ü is written v, tones are digits).
SURNAMES: Final[Mapping[str, str]] = _pairs(
    "单=shan4 曾=zeng1 解=xie4 仇=qiu2 区=ou1 朴=piao2 查=zha1 任=ren2 华=hua4 盖=ge3 缪=miao4 乐=yue4 员=yun4 "
    "翟=zhai2 秘=bi4 折=she2 黑=he4 繁=po2 覃=qin2 召=shao4 种=chong2 洗=xian3 那=na1 佴=nai4 句=gou1 隗=wei3 "
    "哈=ha3 纪=ji3 燕=yan1 宁=ning4 葛=ge3 能=nai4 阚=kan4 卜=bu3 重=chong2 薄=bo2 牟=mu4 祭=zhai4 干=gan1 "
    "藏=zang4 相=xiang4 过=guo1 都=du1 於=yu1 乜=nie4 兴=xing4 长=chang2 令=ling2 澹=tan2 郇=xun2"
)

# Surnames of two characters whose first character is read differently there.
DOUBLE_SURNAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "尉迟": "yu4 chi2",
        "万俟": "mo4 qi2",
        "长孙": "zhang3 sun1",
        "令狐": "ling2 hu2",
        "澹台": "tan2 tai2",
        "单于": "chan2 yu2",
        "宰父": "zai3 fu3",
        "皇甫": "huang2 fu3",
        "欧阳": "ou1 yang2",
        "司马": "si1 ma3",
        "诸葛": "zhu1 ge3",
        "上官": "shang4 guan1",
        "夏侯": "xia4 hou2",
        "慕容": "mu4 rong2",
    }
)

# Surnames that families themselves read in two ways, and what people type by mistake: found under each of them.
SURNAMES_ALSO: Final[Mapping[str, str]] = _pairs(
    "单=dan1 曾=ceng2 解=jie3 仇=chou2 区=qu1 朴=pu3 查=cha2 盖=gai4 乐=le4 员=yuan2 翟=di2 覃=tan2 秘=mi4 折=zhe2 那=na4 隗=kui2 "
    "柏=bo2 葛=ge2 宿=xiu3 能=neng2 薄=bao2 牟=mou2 费=bi4 重=zhong4 盛=cheng2 纪=ji4 任=ren4 尉=yu4 长=zhang3 藏=cang2 "
    "缪=mou2 宓=fu2 洗=xi3 佴=er4 种=zhong3 黑=hei1 召=zhao4 莘=xin1 晟=sheng4 车=ju1 谌=shen4 贾=gu3 褚=zhu3 逄=feng2 郇=huan2"
)

# Characters of given names that are read in two ways.
GIVEN_ALSO: Final[Mapping[str, tuple[str, ...]]] = _choices(
    "乐le/yue 长chang/zhang 朝chao/zhao 重chong/zhong 行xing/hang 传chuan/zhuan 晟sheng/cheng 茜qian/xi 盛sheng/cheng 强qiang/jiang "
    "省sheng/xing 娜na/nuo 蔚wei/yu 莘xin/shen 朴pu/piao 柏bai/bo 阿a/e 藏cang/zang 觉jue/jiao 调tiao/diao 曾zeng/ceng 单dan/shan "
    "琢zhuo/zuo 会hui/kuai 校xiao/jiao 勒le/lei 扎zha/za 卜bu/bo 殷yin/yan "
    "厦xia/sha 解jie/xie 还huan/hai 降jiang/xiang 车che/ju 禅chan/shan 奇qi/ji 都du/dou"
)


@cache
def _dictionary() -> Mapping[int, str]:
    # Imported late: the package loads its dictionaries of phrases too, which takes a while and is not needed to start.
    from pypinyin.pinyin_dict import pinyin_dict

    return dict(pinyin_dict)


_TONES: Final = {
    accented: (plain, tone)
    for plain, marks in {
        "a": "āáǎà",
        "e": "ēéěè",
        "i": "īíǐì",
        "o": "ōóǒò",
        "u": "ūúǔù",
        "v": "ǖǘǚǜ",
        "m": "\u0000ḿ\u0000\u0000",
        "n": "\u0000ńňǹ",
    }.items()
    for tone, accented in enumerate(marks, start=1)
    if accented != "\u0000"
}


def _toned(syllable: str) -> str:
    """`dān` as `dan1`, `lǚ` as `lv3`; the neutral tone is 5."""
    letters, tone = "", 5
    for letter in syllable.replace("ü", "v").replace("ê", "e"):
        plain, found = _TONES.get(letter, (letter, 0))
        letters, tone = letters + plain, found or tone
    return "".join(c for c in letters if "a" <= c <= "z") + str(tone)


@cache
def reading(character: str) -> str:
    """The usual reading of one character with its tone (`ming2`); "" for what is no Chinese character."""
    syllables = _dictionary().get(ord(character), "")
    return _toned(syllables.split(",")[0]) if syllables else ""


@cache
def surname_reading(character: str) -> str:
    """The reading of a one-character surname with its tone."""
    return SURNAMES.get(character) or reading(character)


@cache
def surname_readings(character: str) -> tuple[str, ...]:
    """Every reading, without tones, under which a surname is looked for; the right one first."""
    found = (surname_reading(character), SURNAMES_ALSO.get(character, ""))
    return tuple(dict.fromkeys(one[:-1] for one in found if one))


@cache
def given_readings(character: str) -> tuple[str, ...]:
    """Every reading, without tones, of a character of a given name; the usual one first."""
    usual = reading(character)[:-1]
    return tuple(dict.fromkeys((usual, *GIVEN_ALSO.get(character, ())))) if usual else ()
