"""The named world of the tests: one bank, two branches, three villages, and one person per post.

An administers. Chen covers Liu Village and Wang Village of the East branch; Deng is his colleague there and covers none;
Fang covers Zhao Village of the West branch. Gao and He manage the two branches, Jiang approves, Kang audits, Lin leads.
Mo and Ning sign parameters. Shi assesses and sees nothing else.
"""

from dataclasses import dataclass, field
from datetime import date

from config.lib import clock
from grids.models import Branch, Campaign, Grid, Institution, Post, PostKind, Seat, SeatKind, Staff

PASSWORD = "a-long-enough-password"
SINCE = date(2026, 1, 1)


@dataclass
class World:
    """Everything a test may name."""

    bank: Institution
    head_office: Branch
    east: Branch
    west: Branch
    liu: Grid
    wang: Grid
    zhao: Grid
    campaign: Campaign
    manager_seat: SeatKind
    staff: dict[str, Staff] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Staff:
        try:
            return self.__dict__["staff"][name]
        except KeyError:
            raise AttributeError(name) from None


def _branch(bank: Institution, name: str, kind: str, parent: Branch | None, town_code: str = "") -> Branch:
    branch = Branch.objects.create(institution=bank, name=name, kind=kind, parent=parent, town_code=town_code)
    branch.path = f"{parent.path if parent else '/'}{branch.pk}/"
    branch.save(update_fields=["path"])
    return branch


def _grid(branch: Branch, name: str, pinyin: str, code: str) -> Grid:
    return Grid.objects.create(
        institution=branch.institution,
        branch=branch,
        kind=Grid.Kind.VILLAGE,
        name=name,
        pinyin=pinyin,
        division_code=code,
        town=branch.name,
    )


def build() -> World:
    """Write the world as the owner of the database."""
    bank = Institution.objects.create(
        name="金穗农村商业银行", short_name="金穗农商行", county_code="370685", county="招远市"
    )
    head = _branch(bank, "总行", Branch.Kind.HEAD, None)
    east = _branch(bank, "城东支行", Branch.Kind.BRANCH, head, "370685001")
    west = _branch(bank, "城西支行", Branch.Kind.BRANCH, head, "370685002")
    world = World(
        bank=bank,
        head_office=head,
        east=east,
        west=west,
        liu=_grid(east, "刘家村", "liujiacun", "370685001201"),
        wang=_grid(east, "王家村", "wangjiacun", "370685001202"),
        zhao=_grid(west, "赵家村", "zhaojiacun", "370685002201"),
        campaign=Campaign.objects.create(institution=bank, name="整村授信", from_on=SINCE),
        manager_seat=SeatKind.objects.create(
            institution=bank, code="manager", name="客户经理", name_en="Officer", covers=True
        ),
    )
    people = (
        ("an", "安然", PostKind.ADMINISTRATOR, None, None),
        ("chen", "陈立", PostKind.OFFICER, east, east),
        ("deng", "邓平", PostKind.OFFICER, east, east),
        ("fang", "方圆", PostKind.OFFICER, west, west),
        ("gao", "高远", PostKind.BRANCH_MANAGER, east, east),
        ("he", "何清", PostKind.BRANCH_MANAGER, west, west),
        ("jiang", "江涛", PostKind.APPROVER, None, None),
        ("kang", "康健", PostKind.AUDITOR, None, None),
        ("lin", "林海", PostKind.LEADER, None, None),
        ("mo", "莫言", PostKind.PARAMETER_MANAGER, None, None),
        ("ning", "宁静", PostKind.PARAMETER_MANAGER, None, None),
        ("shi", "石开", PostKind.ASSESSOR, None, None),
    )
    for key, name, kind, branch, home in people:
        staff = Staff.objects.create_user(
            key,
            PASSWORD,
            name=name,
            institution=bank,
            home_branch=home or head,
            kind=Staff.Kind.OUTSIDE if kind == PostKind.ASSESSOR else Staff.Kind.EMPLOYEE,
        )
        Post.objects.create(staff=staff, kind=kind, branch=branch, from_on=SINCE)
        world.staff[key] = staff
    for officer, grid in (("chen", world.liu), ("chen", world.wang), ("fang", world.zhao)):
        Seat.objects.create(grid=grid, kind=world.manager_seat, staff=world.staff[officer], from_on=SINCE)
    assert clock.today() >= SINCE
    return world
