"""The two roster files of the story: a workbook of one village, and a GB18030 list of a village of another branch."""

from collections.abc import Iterator, Mapping
from datetime import date

from customers.domain.identity import make_id, make_phone
from tests.e2e.story_seed import ELSEWHERE, VILLAGE
from tests.rosterfiles import csv_bytes, xlsx_bytes

Family = tuple[str, tuple[str, int], tuple[str, int], tuple[str, int]]
# Household number: group; head, wife and son, each with the year of birth.
AT_HOME: dict[str, Family] = {
    "0001": ("1组", ("秦建国", 1975), ("王秀英", 1977), ("秦洋", 2001)),
    "0002": ("1组", ("秦建军", 1971), ("李桂芝", 1973), ("秦海", 1996)),
    "0003": ("1组", ("秦守义", 1958), ("于淑兰", 1960), ("秦志强", 1984)),
    "0004": ("2组", ("王德福", 1966), ("孙玉梅", 1968), ("王鹏", 1992)),
    "0005": ("2组", ("于永和", 1979), ("张丽华", 1981), ("于子轩", 2006)),
    "0006": ("2组", ("秦建国", 1969), ("刘春红", 1970), ("秦伟", 1995)),
    "0007": ("3组", ("秦福长", 1962), ("杨秀芳", 1964), ("秦磊", 1988)),
    "0008": ("3组", ("梁文华", 1973), ("赵海燕", 1975), ("梁涛", 1999)),
    "0009": ("3组", ("秦乐顺", 1985), ("徐静", 1987), ("秦一诺", 2012)),
    "0010": ("3组", ("高德明", 1955), ("秦桂花", 1957), ("高海洋", 1983)),
}
FAR_AWAY: dict[str, Family] = {
    "0001": ("1组", ("邢长青", 1970), ("郝敏", 1972), ("邢飞", 1997)),
    "0002": ("1组", ("郝志华", 1968), ("邢春霞", 1969), ("郝宁", 1994)),
    "0003": ("2组", ("邢永和", 1981), ("马晓燕", 1983), ("邢晨", 2008)),
}
# The household the story follows; another head of the village bears the same name.
VISITED, HEAD = "0001", "秦建国"
VILLAGE_NAME, FAR_NAME = "大秦家村", "邢家村"


def identity(families: Mapping[str, Family], number: str, place: int) -> tuple[str, str]:
    """Return ID number and phone of a villager (place 0 head, 1 wife, 2 son): valid in form, reaching nobody."""
    sequence = int(number) * 10 + place * 2 + (0 if place == 1 else 1)
    year = families[number][place + 1][1]  # type: ignore[index]
    far = 500 if families is FAR_AWAY else 0
    return make_id("370685", date(year, 3, 5), far + sequence), make_phone(far + sequence)


def _rows(code: str, village: str, families: Mapping[str, Family]) -> Iterator[list[str]]:
    for number, (group, *people) in families.items():
        for place, (name, _year) in enumerate(people):
            relation = ("户主", "妻", "子")[place]
            address = f"{village}{int(number)}号"
            yield [code, village, group, number, name, relation, *identity(families, number, place), address]


def workbook() -> bytes:
    """The roster of the village as a workbook, with a title above its header as village offices write it."""
    return xlsx_bytes(_rows(VILLAGE, VILLAGE_NAME, AT_HOME), above=2)


def list_elsewhere() -> bytes:
    """The roster of the other branch's village as csv in GB18030."""
    return csv_bytes(_rows(ELSEWHERE, FAR_NAME, FAR_AWAY), encoding="gb18030")
