"""The bank itself, for commands, which act for no person whose bank would be known."""

from grids.models import Branch, Grid, Institution, Staff


class NotFound(LookupError):
    """What a command names does not exist at the bank; the text says so."""


def only_institution(name: str = "") -> Institution:
    """Return the bank of a name, or the only one there is."""
    found = list((Institution.objects.filter(name=name) if name else Institution.objects.all())[:2])
    if len(found) != 1:
        raise NotFound(f"no bank is called {name}" if name else "there is not exactly one bank: give its name")
    return found[0]


def branch_named(bank: Institution, name: str) -> Branch:
    """Return a branch by its name."""
    branch = Branch.objects.filter(institution=bank, name=name).first()
    if branch is None:
        raise NotFound(f"{name} is unknown as a branch of this bank")
    return branch


def grid_coded(bank: Institution, code: str) -> Grid:
    """Return a grid by its division code."""
    grid = Grid.objects.filter(institution=bank, division_code=code).first()
    if grid is None:
        raise NotFound(f"{code} is unknown as a grid of this bank")
    return grid


def staff_numbered(bank: Institution, number: str) -> Staff:
    """Return an active member of staff by employee number."""
    staff = Staff.objects.filter(institution=bank, number=number, is_active=True).first()
    if staff is None:
        raise NotFound(f"{number} is unknown as an active member of staff of this bank")
    return staff


def institution_ids() -> list[int]:
    """Return every bank, for work the clock starts."""
    return list(Institution.objects.order_by("pk").values_list("pk", flat=True))


def institutions() -> list[Institution]:
    """Return every bank itself, for work the clock starts."""
    return list(Institution.objects.order_by("pk"))


def branch_ids(institution_id: int) -> list[int]:
    """Return the branches of a bank."""
    return list(Branch.objects.filter(institution_id=institution_id).order_by("pk").values_list("pk", flat=True))
