"""Shops, units and a feature grid of the demo county: two markets and a street's worth of businesses, some owned by villagers."""

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from random import Random
from uuid import UUID

from config.lib.clock import SHANGHAI
from customers import access
from customers.domain import uscc
from customers.domain.entities import Facts
from customers.domain.identity import make_phone
from customers.models import Business, Household, Person, SubjectGrid
from customers.selectors.identity import decrypt
from customers.services import entities, life, roster
from customers.services.checks import check_profile
from customers.services.visits import Submission, submit_visit
from grids.domain.divisions import pinyin_of
from grids.models import Grid, Seat, SeatKind
from reporting.demo import rounds
from reporting.demo.changes import in_person
from reporting.demo.organisation import Organisation

SHOPS = 60
MARKET, STREET = "中心农贸市场", "温泉路商铺"
PHONES = 90_000_000
_FIRST = [
    "鑫源",
    "惠民",
    "金百",
    "华联",
    "顺发",
    "福满",
    "恒泰",
    "万家",
    "东升",
    "盛达",
    "宏运",
    "聚丰",
    "佳美",
    "信和",
    "天成",
]
_TRADES = (
    ("超市", "百货"), ("果品店", "果品"), ("粮油店", "粮油"), ("五金店", "五金"), ("服装店", "服装"), ("饭店", "餐饮"),
    ("药店", "药品"), ("农资店", "农资"), ("水产店", "水产"), ("理发店", "理发"),
)  # fmt: skip
_UNITS = (
    ("第一中学", "机关事业单位", "12"), ("中心小学", "机关事业单位", "12"), ("人民医院", "机关事业单位", "12"),
    ("财政局", "机关事业单位", "11"), ("农业农村局", "机关事业单位", "11"), ("自来水公司", "企业", "91"),
    ("黄金矿业公司", "企业", "91"), ("粉丝制造公司", "企业", "91"),
)  # fmt: skip
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴", "伟芳敏静丽强军勇杰娟涛明超霞平"
SOURCE, UNIT_SOURCE = "市场监管登记（演示）", "单位名录（演示）"


def build(people: Organisation, villages: Sequence[Grid], county: str, seed: int, start: datetime) -> dict[str, int]:
    """Open the grids, import the lists, add what was found since, and show some of all in a feature grid."""
    random = Random(seed)  # noqa: S311  numbers of its own: nobody else's change with them
    branch = people.branches[0]
    since = start.date()
    market, street, offices, feature = (
        _grid(people, kind, name, place, since)
        for place, (kind, name) in enumerate(
            ((Grid.Kind.MARKET, MARKET), (Grid.Kind.STREET, STREET), (Grid.Kind.INSTITUTION, "城区单位"), (Grid.Kind.FEATURE, "苹果种植带"))
        )
    )  # fmt: skip
    heads = list(
        Person.objects.filter(grid__branch=branch, grid__in=villages, relation="head", id_index__isnull=False)
        .order_by("household__number", "pk")[:240:12]
    )  # fmt: skip
    shops = [_shop(random, county, place, (market, street)[place % 2].name, heads) for place in range(SHOPS * 2)]
    shops += [_shop(random, county, SHOPS * 2 + place, "城南旧货市场", []) for place in range(3)]
    titles = (
        "市场",
        "名称",
        "统一社会信用代码",
        "类型",
        "经营者",
        "身份证号",
        "联系电话",
        "地址",
        "经营项目",
        "成立日期",
    )
    units = [
        (
            offices.name,
            f"招远{name}",
            kind,
            uscc.make(prefix=prefix, division=county, sequence=900 + place),
            _name(random),
            make_phone(PHONES + 900 + place),
        )
        for place, (name, kind, prefix) in enumerate(_UNITS)
    ]
    with rounds.clock_at(start):
        for source_kind, source, header, rows in (
            ("licence_register", SOURCE, titles, shops),
            ("unit_list", UNIT_SOURCE, ("网格", "单位名称", "类别", "统一社会信用代码", "联系人", "联系电话"), units),
        ):
            written = roster.import_now(
                content=BytesIO(_csv(header, rows)),
                name=f"{branch.name}{source}.csv",
                branch=branch,
                source=source,
                source_kind=source_kind,
                obtained_on=since,
                staff=people.officers[branch.pk][0],
                confirmed_by=people.managers[branch.pk],
                legal_basis="整村授信合作协议（演示）",
            )
            if written.state != written.State.WRITTEN:
                problems = list(written.problems.filter(is_error=True).values_list("row", "code")[:5])
                raise RuntimeError(f"{source} was not written: {written.summary.get('failure')} {problems}")
        for place in range(4):
            facts = Facts(
                subject_kind="business",
                kind="unlicensed",
                name=f"{_name(random)}早点摊",
                trade="早点",
                principal=_name(random),
                phone=make_phone(PHONES + 800 + place),
            )
            entities.find(staff=people.officer_of[street.pk], post_id=None, grid=street, facts=facts)
    _official(market, street, offices, feature, on=since)
    shown = Household.objects.filter(grid__in=villages, grid__branch=branch).order_by("grid_id", "number")[:200:8]
    SubjectGrid.objects.bulk_create(
        SubjectGrid(
            institution_id=home.institution_id,
            grid_id=home.grid_id,
            recorded_grid_id=home.grid_id,
            subject_id=home.pk,
            feature=feature,
            from_on=since,
            added_by=people.managers[branch.pk],
            added_at=start,
        )
        for home in shown
    )
    return {"businesses": SHOPS * 2 + 4, "units": len(units)}


def visited(people: Organisation, seed: int, now: datetime) -> int:
    """Visit every third stall of the market over the last weeks: most with a file, two in three of these checked by a colleague."""
    random = Random(seed)  # noqa: S311  numbers of its own: nobody else's change with them
    market = Grid.objects.get(institution=people.bank, name=MARKET)
    officer = people.officer_of[market.pk]
    colleague = next(one for one in people.officers[people.branches[0].pk] if one != officer)
    stalls = list(Business.objects.filter(grid=market, subject__left_on=None, kind="licensed").order_by("pk")[3:60:3])
    for place, stall in enumerate(stalls):
        day = now.astimezone(SHANGHAI) - timedelta(days=3 + place * 2)
        moment = day.replace(hour=9 + place % 8, minute=(place * 7) % 60, second=20, microsecond=0)
        with in_person(officer, moment) as post:
            stored = submit_visit(
                staff=officer,
                post_id=post.pk,
                place=access.open_place(post, stall.pk),
                submission=_told(random, stall, moment, has_file=place % 5 != 4),
            )
        if stored.profile is not None and place % 3:
            with in_person(colleague, moment + timedelta(days=1)) as post:
                profile = access.open_check(stall.pk)
                check_profile(staff=colleague, post_id=post.pk, profile=profile, verdict="accepted", remarks=[])
    return len(stalls)


def _told(random: Random, stall: Business, moment: datetime, *, has_file: bool) -> Submission:
    gross = random.randint(8, 60) * 10_000
    document = {
        "trade_line": stall.trade or "百货",
        "state": random.choice(("good", "good", "hard")),
        "years_in_trade": random.randint(2, 18),
        "employees": random.randint(0, 4),
        "peak_months": ["m1", "m12"],
        "assets": [{"kind": "stock", "current": f"{gross // 5}", "disposable": f"{gross // 8}"}],
        "liabilities": [{"kind": "own_bank", "outstanding": f"{random.randint(1, 9) * 10_000}"}] if gross % 3 else [],
        "income": [{"kind": "main", "gross": f"{gross}", "cost": f"{gross * random.randint(60, 80) // 100}"}],
        "expenses": [{"kind": "rent", "amount": f"{random.randint(8, 30) * 1_000}"}],
        "performance": {"status": "normal"},
        "judgement": random.choice(("excellent", "good", "good", "fair")),
    }
    return Submission(
        client_uuid=UUID(int=stall.pk),
        purpose="census",
        outcome="interviewed" if has_file else "partial",
        device_at=moment - timedelta(minutes=20),
        dwell_minutes=random.randint(6, 35),
        met_role="principal",
        consent="spoken",
        document=document if has_file else None,
    )


def moving(people: Organisation, now: datetime) -> int:
    """Propose that a stall of the market moves to the street; the branch manager has yet to confirm."""
    market = Grid.objects.get(institution=people.bank, name=MARKET)
    street = Grid.objects.get(institution=people.bank, name=STREET)
    stalls = Business.objects.filter(grid=market, subject__left_on=None).select_related("subject").order_by("pk")
    officer = people.officer_of[market.pk]
    with rounds.clock_at(now - timedelta(days=1, hours=2)), rounds.acting(officer) as post:
        on = (now - timedelta(days=1)).date()
        life.move_entity(
            staff=officer, post_id=post.pk, place=stalls[2], to_grid=street, on=on, reason="摊位退租，搬到温泉路"
        )
    return 1


def _grid(people: Organisation, kind: str, name: str, place: int, since: date) -> Grid:
    branch = people.branches[0]
    grid = Grid.objects.create(
        institution=people.bank, branch=branch, kind=kind, name=name, pinyin=pinyin_of(name), town=branch.name
    )
    if kind != Grid.Kind.FEATURE:
        officers = people.officers[branch.pk]
        officer = people.officer_of[grid.pk] = officers[place % len(officers)]
        seat = SeatKind.objects.filter(institution=people.bank, covers=True, closed_on=None).order_by("order", "pk")[0]
        Seat.objects.create(grid=grid, kind=seat, staff=officer, from_on=since)
    return grid


def _shop(random: Random, county: str, place: int, market: str, heads: Sequence[Person]) -> tuple[str, ...]:
    trade, business = _TRADES[place % len(_TRADES)]
    is_licensed = random.random() < 0.85
    owner = heads[place // 6] if place % 6 == 0 and place // 6 < len(heads) else None
    return (
        market,
        f"{random.choice(_FIRST)}{trade}{place + 1}号",
        uscc.make(prefix="92", division=county, sequence=place + 1) if is_licensed else "",
        "个体工商户" if is_licensed else "无照经营",
        owner.name if owner else _name(random),
        decrypt(owner, "id_number") if owner else "",
        make_phone(PHONES + place),
        f"{market}{place // 2 + 1}号",
        business,
        date(random.randint(2005, 2024), random.randint(1, 12), random.randint(1, 28)).isoformat(),
    )


def _name(random: Random) -> str:
    return random.choice(_SURNAMES) + random.choice(_GIVEN) + random.choice(_GIVEN)


def _official(*grids: Grid, on: date) -> None:
    counts = (SHOPS, SHOPS, len(_UNITS), 0)
    for grid, count in zip(grids, counts, strict=True):
        grid.official_count, grid.official_source, grid.official_on = count, SOURCE, on
        grid.save(update_fields=["official_count", "official_source", "official_on"])


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
