"""Branches and grids as an administrator edits them: names, official counts, phases."""

from datetime import date

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from config.lib import audit, clock
from grids.domain.divisions import pinyin_of
from grids.models import Branch, Grid, Post, Staff
from grids.services import Refused


@transaction.atomic
def save_branch(
    *,
    by: Staff,
    post: Post,
    name: str,
    parent: Branch,
    kind: str,
    town_code: str = "",
    is_open: bool = True,
    branch: Branch | None = None,
) -> Branch:
    """Create or change a branch; moving it under another takes everything below along."""
    siblings = Branch.objects.filter(institution_id=by.institution_id)
    others = siblings.exclude(pk=branch.pk) if branch else siblings
    if others.filter(name=name).exists():
        raise Refused(_("已有同名机构 %(name)s") % {"name": name})
    if town_code and others.filter(town_code=town_code).exists():
        raise Refused(_("这个乡镇代码已属于另一机构"))
    if branch is not None and parent.path.startswith(branch.path):
        raise Refused(_("上级不能是自己或自己的下级"))
    if branch is not None and not is_open and branch.is_open:
        _may_close(branch)
    verb = "branch_changed" if branch else "branch_created"
    branch = branch or Branch(institution_id=by.institution_id)
    old_path = branch.path
    branch.name, branch.parent, branch.kind, branch.town_code, branch.is_open = name, parent, kind, town_code, is_open
    branch.save()
    branch.path = f"{parent.path}{branch.pk}/"
    if not old_path:
        branch.save(update_fields=["path"])
    elif old_path != branch.path:
        siblings.filter(path__startswith=old_path).update(
            path=Concat(Value(branch.path), Substr(F("path"), len(old_path) + 1))
        )
    audit.record(staff=by, post_id=post.pk, verb=verb, about="branch", about_id=branch.pk)
    return branch


def _may_close(branch: Branch) -> None:
    if Grid.objects.filter(branch__path__startswith=branch.path, is_active=True).exists():
        raise Refused(_("机构还管辖网格，请先移交网格再停业"))
    day = clock.today()
    if Post.objects.filter(branch__path__startswith=branch.path, from_on__lte=day, to_on__isnull=True).exists():
        raise Refused(_("机构还有在岗人员，请先结束岗位再停业"))


@transaction.atomic
def open_new_grid(*, by: Staff, post: Post, kind: str, name: str, branch: Branch) -> Grid:
    """Open a grid of businesses or units, or a feature grid. Raises Refused where the branch has one of this name."""
    name = " ".join(name.split())
    if Grid.objects.filter(branch=branch, name=name, is_active=True).exists():
        raise Refused(_("这个支行已有同名网格"))
    grid = Grid.objects.create(
        institution_id=by.institution_id, branch=branch, kind=kind, name=name, pinyin=pinyin_of(name)
    )
    audit.record(staff=by, post_id=post.pk, verb="grid_opened", about="grid", about_id=grid.pk, detail={"kind": kind})
    return grid


@transaction.atomic
def change_grid(
    *,
    grid: Grid,
    by: Staff,
    post: Post,
    name: str,
    branch: Branch,
    phase: str,
    official_count: int | None,
    official_source: str,
    official_on: date | None,
) -> Grid:
    """Change a grid's name, branch, phase and official count with its source and day; a changed name stays findable."""
    if official_count is not None and (not official_source or official_on is None):
        raise Refused(_("官方户数要注明来源和日期"))
    if official_on is not None and official_on > clock.today():
        raise Refused(_("户数日期不能晚于今天"))
    if name != grid.name:
        grid.former_names = sorted({*grid.former_names, grid.name} - {name})
        grid.name, grid.pinyin = name, pinyin_of(name)
    detail = {"branch_before": grid.branch_id} if grid.branch_id != branch.pk else {}
    grid.branch, grid.phase = branch, phase
    grid.official_count, grid.official_source, grid.official_on = official_count, official_source, official_on
    grid.save(
        update_fields=[
            "name", "pinyin", "former_names", "branch", "phase", "official_count", "official_source", "official_on",
        ]
    )  # fmt: skip
    audit.record(staff=by, post_id=post.pk, verb="grid_changed", about="grid", about_id=grid.pk, detail=detail)
    return grid
