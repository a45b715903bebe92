"""Synthetic families of a village, as the rows an official roster would have."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from customers.domain.identity import make_id, make_phone

# Surnames by their weight in Shandong; a village has a leading one, as villages do.
SURNAMES = (
    ("王", 95), ("李", 88), ("张", 85), ("刘", 74), ("孙", 46), ("杨", 38), ("徐", 33), ("赵", 33), ("陈", 30), ("姜", 22), ("于", 22),
    ("马", 20), ("宋", 19), ("吕", 16), ("高", 16), ("朱", 15), ("郭", 14), ("曲", 12), ("韩", 12), ("林", 12), ("栾", 10), ("温", 8),
    ("冷", 6), ("原", 6), ("滕", 5), ("曾", 4), ("单", 3), ("解", 3), ("欧阳", 1), ("仇", 1),
)  # fmt: skip
OLD_MALE = "德福贵忠义保国庆生胜堂学文武仁礼信成玉洪振兴树茂先传正明善修士殿京"
OLD_FEMALE = "秀英桂兰芳玉珍香美云淑凤爱华荣翠莲菊梅花素春红霞贞金"
NEW_MALE = "伟强军磊洋勇杰涛超明刚平辉鹏飞宇浩然俊博文泽轩子昊晨宏志远建国峰龙凯"
NEW_FEMALE = "丽娟敏静燕艳红霞玲婷雪颖慧倩欣怡佳琪雨涵梓萱晓梦洁薇蓉莉娜晶"
GROUPS = ("一组", "二组", "三组", "四组", "五组", "六组")


@dataclass(frozen=True, slots=True)
class Member:
    """One person as the roster writes him."""

    name: str
    relation: str
    sex: str
    born: date
    id_number: str
    phone: str


@dataclass(slots=True)
class Family:
    """One household of the roster."""

    village_code: str
    group: str
    number: str
    address: str
    members: list[Member] = field(default_factory=list)


class Registry:
    """Makes people whose ID and phone numbers nobody else in the county has."""

    def __init__(self, random: Random, county_code: str, today: date) -> None:
        self.random = random
        self.county_code = county_code
        self.today = today
        self._taken: Counter[tuple[date, str]] = Counter()
        self._phones = 0

    def born(self, age: int) -> date:
        """Return a birthday that makes somebody this old today."""
        return self.today - timedelta(days=age * 365 + age // 4 + self.random.randrange(1, 364))

    def person(self, surname: str, relation: str, sex: str, age: int) -> Member:
        """Make one person; the old often have no phone of their own, children never."""
        born = self.born(age)
        taken = self._taken[born, sex]
        self._taken[born, sex] += 1
        sequence = 11 + taken * 2 + (1 if sex == "F" else 0)
        sequence += 1 if (sequence % 2 == 1) != (sex == "M") else 0
        has_phone = age >= 16 and self.random.random() < (0.92 if age < 65 else 0.45)
        phone = ""
        if has_phone:
            self._phones += 1
            phone = make_phone(self._phones)
        name = surname + self._given(sex, born.year)
        return Member(name, relation, sex, born, make_id(self.county_code, born, sequence), phone)

    def _given(self, sex: str, year: int) -> str:
        male = OLD_MALE if year < 1975 else NEW_MALE
        female = OLD_FEMALE if year < 1975 else NEW_FEMALE
        letters = male if sex == "M" else female
        first = self.random.choice(letters)
        return first if self.random.random() < 0.18 else first + self.random.choice(letters)

    def surname(self, leading: str = "") -> str:
        """Return a surname; the village's leading one in half of all cases."""
        if leading and self.random.random() < 0.5:
            return leading
        names, weights = zip(*SURNAMES, strict=True)
        return str(self.random.choices(names, weights)[0])


def families(registry: Registry, village_code: str, village: str, count: int) -> Iterator[Family]:
    """Yield the households of one village: couples, three generations, the old alone, a few singles."""
    leading = registry.surname()
    for place in range(1, count + 1):
        group = GROUPS[min((place - 1) * len(GROUPS) // count, len(GROUPS) - 1)]
        family = Family(village_code, group, f"{village_code[6:]}{place:04d}", f"{village}{group}{place}号")
        family.members = _members(registry, registry.surname(leading))
        yield family


def _members(registry: Registry, surname: str) -> list[Member]:
    random = registry.random
    kind = random.random()
    if kind < 0.13:  # the old alone
        sex = random.choice("MF")
        return [registry.person(surname if sex == "M" else registry.surname(), "户主", sex, random.randint(66, 88))]
    if kind < 0.28:  # an old couple whose children left
        age = random.randint(60, 78)
        return [
            registry.person(surname, "户主", "M", age),
            registry.person(registry.surname(), "配偶", "F", age - random.randint(0, 5)),
        ]
    if kind < 0.32:  # single
        return [registry.person(surname, "户主", "M", random.randint(28, 58))]
    age = random.randint(30, 62)
    people = [registry.person(surname, "户主", "M" if random.random() < 0.93 else "F", age)]
    other = "F" if people[0].sex == "M" else "M"
    people.append(registry.person(registry.surname(), "配偶", other, max(22, age - random.randint(-2, 5))))
    child_age = age - random.randint(23, 29)
    for child in range(random.choices((0, 1, 2, 3), (8, 45, 42, 5))[0]):
        years = child_age - child * random.randint(2, 6)
        if not 0 <= years <= 34:
            continue
        sex = random.choice("MF")
        people.append(registry.person(surname, "子" if sex == "M" else "女", sex, years))
    if random.random() < 0.28 and age < 58:
        people.append(registry.person(registry.surname(), "母亲", "F", age + random.randint(20, 27)))
        if random.random() < 0.55:
            people.append(registry.person(surname, "父亲", "M", age + random.randint(22, 29)))
    return people
