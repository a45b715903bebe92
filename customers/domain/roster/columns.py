"""Which column of a roster is which: header words in Chinese and English, and where the header row is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from config.lib.tablefile import fold

# The header is looked for in the first rows only: titles, dates and "单位：" lines may stand above it.
HEADER_WITHIN: Final = 20


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a roster with its labels; `required` says that a roster without it is refused."""

    field: str
    zh: str
    en: str
    required: bool
    aliases: tuple[str, ...]


def _column(field: str, zh: str, en: str, aliases: str, *, required: bool = False) -> Column:
    return Column(field, zh, en, required, tuple(aliases.split()))


COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {
        column.field: column
        for column in (
            _column(
                "village_code",
                "村代码",
                "village code",
                "村编码 村区划代码 村居代码 村社区代码 村委会代码 行政村代码 行政区划代码 区划代码 统计用区划代码 villagecode divisioncode",
            ),
            _column(
                "village",
                "村",
                "village",
                "村名 村名称 行政村 行政村名称 村居 村社区 村委会 居委会 社区 所属村 所在村 村庄 村居名称 village villagename community",
            ),
            _column(
                "group", "组", "group", "村民小组 小组 组别 组名 组号 社 队 生产队 村组 所在组 group villagegroup team"
            ),
            _column(
                "household_number",
                "户号",
                "household number",
                "户号编码 户编号 户编码 家庭编号 户籍号 家庭户号 户口编号 户序号 householdnumber householdno household hhno hhid householdid",
                required=True,
            ),
            _column(
                "name",
                "姓名",
                "name",
                "人员姓名 成员姓名 家庭成员 家庭成员姓名 名字 name fullname personname",
                required=True,
            ),
            _column(
                "relation",
                "与户主关系",
                "relation to head",
                "户主关系 关系 家庭关系 与户主的关系 和户主关系 与户主之关系 relation relationship relationtohead relationshiptohead",
                required=True,
            ),
            _column(
                "id_number",
                "身份证号",
                "ID number",
                "身份证号码 身份证 公民身份号码 公民身份证号码 居民身份证号 居民身份证号码 证件号 证件号码 身份号码 idnumber idno idcard idcardno nationalid",
                required=True,
            ),
            _column(
                "phone",
                "手机号",
                "mobile number",
                "手机号码 手机 联系电话 电话 电话号码 联系方式 移动电话 联系号码 phone phonenumber mobile mobilenumber mobilephone tel telephone",
            ),
            _column(
                "address",
                "住址",
                "address",
                "地址 家庭住址 家庭地址 户籍地址 居住地址 现住址 详细地址 常住地址 门牌号 address homeaddress",
            ),
            _column("sex", "性别", "sex", "sex gender"),
            _column(
                "birth_date",
                "出生日期",
                "date of birth",
                "出生年月日 出生年月 生日 出生时间 birthdate dateofbirth dob birthday born",
            ),
        )
    }
)
PLACES: Final = ("village_code", "village")


class Form:
    """What a list of one kind of subject looks like: its columns, and whether a row must say where it belongs."""

    def __init__(self, columns: Mapping[str, Column], *, needs_place: bool) -> None:
        self.columns = columns
        self.needs_place = needs_place
        self._aliases = {
            fold(word): column.field for column in columns.values() for word in (column.zh, column.en, *column.aliases)
        }

    def field(self, title: str) -> str | None:
        """The field a header cell stands for."""
        return self._aliases.get(fold(title))


HOUSEHOLDS: Final = Form(COLUMNS, needs_place=True)


@dataclass(frozen=True, slots=True)
class Header:
    """The header row found in a file.

    `row` is its number as a spreadsheet counts (from 1); `places` says at which index a field stands, `titles` how the file calls it.
    `missing` and `doubled` are fields that keep the file from being read.
    """

    row: int
    places: Mapping[str, int]
    titles: Mapping[str, str]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def score(self) -> int:
        """How many different fields were recognised; two rows of one file are compared by it."""
        return len(self.places)


def read_header(cells: Sequence[str], row: int, form: Form = HOUSEHOLDS) -> Header:
    """What one row says as a header."""
    places: dict[str, int] = {}
    titles: dict[str, str] = {}
    doubled: list[str] = []
    unknown: list[str] = []
    for index, cell in enumerate(cells):
        field = form.field(cell)
        if field is None:
            if cell.strip():
                unknown.append(cell.strip())
        elif field in places:
            doubled.append(field)
        else:
            places[field] = index
            titles[field] = cell.strip()
    missing = [field for field, column in form.columns.items() if column.required and field not in places]
    if form.needs_place and not any(place in places for place in PLACES):
        missing.insert(0, "village_code")
    return Header(row, places, titles, tuple(missing), tuple(dict.fromkeys(doubled)), tuple(unknown))


def find_header(rows: Sequence[tuple[int, Sequence[str]]], form: Form = HOUSEHOLDS) -> Header | None:
    """The header among the first rows of a file, or None: the row with most known titles, at least three of them."""
    found = [read_header(cells, number, form) for number, cells in rows[:HEADER_WITHIN]]
    best = max(found, key=lambda header: header.score, default=None)
    return best if best is not None and best.score >= 3 else None


def is_header_again(field: str, text: str, form: Form = HOUSEHOLDS) -> bool:
    """Whether a cell repeats the title of its own column, as in files that were pasted together."""
    return form.field(text) == field


def letter(index: int) -> str:
    """The letter a spreadsheet shows for a column, from index 0: A, B, ... Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
