"""What stands before the story begins: territory, people, released parameters; later the other files of the week.

Runs inside the product (``manage.py shell``), as the owner of the database.
"""

from django.core.management import call_command

from tests.conftest import acting_as
from tests.customers.builders import submission
from tests.world import PASSWORD, SINCE

BANK = "金穗农村商业银行"
VILLAGE, NEIGHBOUR, ELSEWHERE = "370685005201", "370685005207", "370685101211"
BRANCH, OTHER_BRANCH = "370685005", "370685101"

# number: (name, post, branch)
PEOPLE = {
    "0100": ("高远", "branch_manager", BRANCH),
    "0101": ("陈立", "officer", BRANCH),
    "0102": ("邓平", "officer", BRANCH),
    "0103": ("孙悦", "officer", BRANCH),
    "0200": ("何清", "branch_manager", OTHER_BRANCH),
    "0201": ("方圆", "officer", OTHER_BRANCH),
    "0202": ("冯磊", "officer", OTHER_BRANCH),
    "8101": ("江涛", "approver", ""),
    "8102": ("姜宁", "approver", ""),
    "8201": ("康健", "auditor", ""),
    "8401": ("莫言", "parameter_manager", ""),
    "8402": ("宁静", "parameter_manager", ""),
}
COVERS = {VILLAGE: "0101", NEIGHBOUR: "0102", ELSEWHERE: "0201"}
PARAMETERS = (
    "customers/parameters/customers.json",
    "credit/parameters/county_bases.json",
    "credit/parameters/credit_models.json",
    "credit/parameters/rounds.json",
    "reporting/parameters/audit.json",
)


def found() -> None:
    """Found the bank: the real villages of its county, its people, its parameters drafted by one and released by another."""
    call_command("load_divisions", "--county", "370685", "--institution", BANK, verbosity=0)
    _people()
    for path in PARAMETERS:
        call_command("release_parameters", path, "--drafted-by", "8401", "--released-by", "8402")


def _people() -> None:
    from grids.models import Branch, Grid, Institution, Post, Seat, SeatKind, Staff

    bank = Institution.objects.get(name=BANK)
    head = Branch.objects.get(institution=bank, kind=Branch.Kind.HEAD)
    branches = {branch.town_code: branch for branch in Branch.objects.filter(institution=bank)}
    for number, (name, kind, town) in PEOPLE.items():
        branch = branches[town] if town else None
        staff = Staff.objects.create_user(number, PASSWORD, name=name, institution=bank, home_branch=branch or head)
        Post.objects.create(staff=staff, kind=kind, branch=branch, from_on=SINCE)
    manager = SeatKind.objects.get(institution=bank, covers=True)
    for code, number in COVERS.items():
        grid = Grid.objects.get(institution=bank, division_code=code)
        Seat.objects.create(grid=grid, kind=manager, staff=Staff.objects.get(number=number), from_on=SINCE)


def files(*numbers: str) -> None:
    """Visit and check these households of the village: collected by Chen, accepted by Deng."""
    from customers.access import open_check
    from customers.models import Household
    from customers.services.checks import check_profile
    from customers.services.visits import submit_visit
    from grids.models import Staff

    chen, deng = Staff.objects.get(number="0101"), Staff.objects.get(number="0102")
    for home in Household.objects.filter(grid__division_code=VILLAGE, number__in=numbers).order_by("number"):
        filled = submission(home)
        with acting_as(chen) as post:
            submit_visit(staff=chen, post_id=post.pk, place=home, submission=filled)
        with acting_as(deng) as post:
            profile = open_check(home.pk)
            check_profile(staff=deng, post_id=post.pk, profile=profile, verdict="accepted", remarks=[])
