"""The territory from the list: names, kinds, branches, schematic map, a second run, merged villages."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.lib.models import History
from grids.domain import divisions, schematic
from grids.management.commands.load_divisions import SHIPPED
from grids.models import Branch, Campaign, Grid, Institution, SeatKind

BANK = "招远测试农村商业银行"
HEAD = "village_code,village,town_code,town,county_code,county,city,province,predecessors,former_names"


def load(file: Path | None = None) -> dict[str, object]:
    out = io.StringIO()
    extra = {"file": file} if file else {}
    call_command("load_divisions", county="370685", institution=BANK, json=True, stdout=out, **extra)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEAD, *rows)), "utf-8")
    return path


def village(number: str, name: str, predecessors: str = "", former: str = "") -> str:
    return f"370685104{number},{name},370685104,毕郭镇,370685,招远市,烟台市,山东省,{predecessors},{former}"


@pytest.mark.parametrize(
    ("official", "code", "kind", "name"),
    [
        ("文化社区居民委员会", "370685001001", "community", "文化社区"),
        ("上刘家村民委员会", "370685104234", "village", "上刘家村"),
        ("郭家埠村村民委员会", "370685001208", "village", "郭家埠村"),
        ("方林村委会", "331004001202", "village", "方林村"),
        ("方林社区居委会", "331004001002", "community", "方林社区"),
        ("城里居委会", "331004001003", "community", "城里社区"),
        ("台州市农垦场生活区", "331004106501", "community", "台州市农垦场生活区"),
        ("迎宾社区", "331004001004", "community", "迎宾社区"),
    ],
)
def test_a_place_has_the_name_people_use(official: str, code: str, kind: str, name: str) -> None:
    assert divisions.kind_of(code, official) == kind
    assert divisions.short_name(official, kind) == name  # type: ignore[arg-type]


def test_every_fault_of_a_list_is_named_in_one_pass() -> None:
    rows = [
        HEAD,
        village("201", "甲村委会"),
        village("201", "乙村委会"),
        village("2x1", "丙村委会"),
        village("000", "丁"),
        village("205", ""),
        village("206", "戊村委会", predecessors="12"),
    ]
    found, faults = divisions.read(rows, "370685")
    assert [row.name for row in found] == ["甲村"]
    assert [(fault.row, fault.column) for fault in faults] == [
        (3, "village_code"), (4, "village_code"), (5, "village_code"), (6, "village"), (7, "predecessors"),
    ]  # fmt: skip


def test_a_schematic_map_gives_every_village_its_own_cell_and_keeps_towns_together() -> None:
    groups = [
        [f"{town}{number:03d}" for number in range(size)] for town, size in (("a", 40), ("b", 7), ("c", 1), ("d", 90))
    ]
    places = schematic.lay_out("370685", groups)
    assert places == schematic.lay_out("370685", groups)
    assert len({(place.latitude, place.longitude) for place in places.values()}) == 138
    latitude, longitude, _ = schematic.COUNTIES["370685"]
    assert all(abs(p.latitude - latitude) < 0.4 and abs(p.longitude - longitude) < 0.5 for p in places.values())
    corners = {code: {tuple(point) for point in place.boundary["coordinates"][0]} for code, place in places.items()}
    for group in groups:  # each town is one piece: from its first village every other is reached over shared corners
        reached, border = {group[0]}, [group[0]]
        while border:
            here = border.pop()
            near = [code for code in group if code not in reached and len(corners[code] & corners[here]) >= 2]
            reached.update(near)
            border += near
        assert reached == set(group)


@pytest.mark.parametrize("county", ["331004", "370211", "370685", "370812", "421122"])
def test_the_shipped_list_is_without_fault(county: str) -> None:
    with SHIPPED.open(encoding="utf-8") as lines:
        rows, faults = divisions.read(lines, county)
    assert not faults
    assert len(rows) > 200
    assert len(set(divisions.branch_names(rows).values())) == len({row.town_code for row in rows})


@pytest.mark.django_db
def test_a_county_becomes_branches_and_grids_and_a_second_run_changes_nothing() -> None:
    first = load()
    assert (first["branches"], first["grids"], first["grids_new"]) == (14, 734, 734)
    assert first["villages"] == Grid.objects.filter(kind="village").count()
    bank = Institution.objects.get(name=BANK)
    head = bank.branches.get(kind=Branch.Kind.HEAD)
    assert all(b.path == f"{head.path}{b.pk}/" for b in bank.branches.exclude(pk=head.pk))
    assert Grid.objects.filter(is_schematic=True, boundary__type="Polygon").count() == 734
    assert list(SeatKind.objects.order_by("order").values_list("code", "places", "covers")) == [
        ("manager", 1, True), ("assessor", 3, False), ("liaison", 1, False), ("director", 1, False),
    ]  # fmt: skip
    assert Campaign.objects.filter(institution=bank, is_open=True).count() == 1
    grid = Grid.objects.get(division_code="370685104234")
    assert (grid.branch.town_code, grid.town) == ("370685104", "毕郭镇")

    history = History.objects.count()
    again = load()
    assert (again["grids_new"], again["grids_changed"], again["branches_new"]) == (0, 0, 0)
    assert History.objects.count() == history


@pytest.mark.django_db
def test_a_renamed_village_keeps_its_former_name_and_the_names_of_a_branch_are_its_banks(tmp_path: Path) -> None:
    load(written(tmp_path / "a.csv", village("201", "甲家村委会"), village("202", "乙家村委会", former="乙庄")))
    Branch.objects.filter(town_code="370685104").update(name="毕郭中心支行")
    done = load(written(tmp_path / "b.csv", village("201", "甲家庄村委会"), village("202", "乙家村委会")))
    grid = Grid.objects.get(division_code="370685104201")
    assert (grid.name, grid.former_names, grid.pinyin) == ("甲家庄村", ["甲家村"], "jia jia zhuang cun")
    assert Grid.objects.get(division_code="370685104202").former_names == ["乙庄"]
    assert Branch.objects.get(town_code="370685104").name == "毕郭中心支行"
    assert (done["grids_new"], done["branches_new"]) == (0, 0)


@pytest.mark.django_db
def test_a_merged_village_goes_on_in_the_grid_of_its_first_predecessor(tmp_path: Path) -> None:
    load(
        written(
            tmp_path / "a.csv", village("201", "甲家村委会"), village("202", "乙家村委会"), village("203", "丙家村委会")
        )
    )
    first, second = (Grid.objects.get(division_code=f"370685104{n}") for n in ("201", "202"))
    merged = written(
        tmp_path / "b.csv", village("203", "丙家村委会"), village("210", "甲乙村委会", "370685104201;370685104202")
    )
    done = load(merged)

    first.refresh_from_db()
    assert (first.division_code, first.name) == ("370685104210", "甲乙村")
    assert first.predecessor_codes == ["370685104201", "370685104202"]
    assert first.former_names == ["甲家村"]
    second.refresh_from_db()
    assert second.is_active
    assert done["to_move"] == ["370685104202"]
    assert load(merged)["grids_changed"] == 0


@pytest.mark.django_db
def test_a_surveyed_boundary_is_never_drawn_over(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", village("201", "甲家村委会"))
    load(file)
    real = {"type": "Polygon", "coordinates": [[[120, 37], [120.1, 37], [120.1, 37.1], [120, 37]]]}
    Grid.objects.update(boundary=real, is_schematic=False)
    load(file)
    assert Grid.objects.get().boundary == real


@pytest.mark.django_db
def test_a_list_with_faults_loads_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="1 faults"):
        load(written(tmp_path / "a.csv", village("201", "甲家村委会"), village("201", "乙家村委会")))
    with pytest.raises(CommandError, match="no village"):
        load(written(tmp_path / "b.csv"))
    assert not Institution.objects.exists()
