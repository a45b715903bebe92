"""Rows of the pages of households, visits, checks and lists."""

from datetime import date
from io import BytesIO
from itertools import count
from typing import Any

from PIL import Image

from config.lib import clock
from customers.models import (
    Consent,
    DuplicateCase,
    Evidence,
    GridMerger,
    Household,
    HouseholdEvent,
    ListEntry,
    ListRelease,
    MoveRequest,
    PersonMerge,
    Profile,
    SimilarCase,
    SimilarMember,
)
from customers.selectors import profile_files as books
from customers.selectors.forms import editions_of
from customers.selectors.papers import token_of
from customers.services import guard, list_files, profile_files
from customers.services.visits import Photo, submit_visit
from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers import guarding
from tests.customers.builders import a_signature, make_household, release_parameters, submission
from tests.reporting import well_kept
from tests.world import World

SEEING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.CHECKER})
OFFICER = frozenset({PostKind.OFFICER})
SECOND = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
MANAGER = frozenset({PostKind.BRANCH_MANAGER})
_numbers = count(5000)


def _home(world: World) -> Household:
    return make_household(world.liu, str(next(_numbers)))


def home(world: World) -> dict[str, Any]:
    return {"pk": _home(world).pk}


def printable(world: World) -> dict[str, Any]:
    release_parameters(world)
    return home(world)


def sheet(world: World) -> dict[str, Any]:
    return {"token": token_of(_home(world).pk, 1)}


def phone_of_head(world: World) -> dict[str, Any]:
    return {"pk": _home(world).head_id, "field": "phone"}


def _visited_by_deng(world: World) -> Evidence:
    release_parameters(world)
    found = _home(world)
    block = BytesIO()
    Image.new("RGB", (8, 8)).save(block, "JPEG")
    submit_visit(
        staff=world.deng,
        post_id=None,
        place=found,
        submission=submission(found, photos=(Photo(block.getvalue(), "a.jpg"),)),
    )
    return Evidence.objects.get(subject_id=found.pk)


def signed(world: World) -> dict[str, Any]:
    release_parameters(world)
    found = _home(world)
    submit_visit(
        staff=world.deng,
        post_id=None,
        place=found,
        submission=submission(found, consent="drawn", signature=a_signature()),
    )
    return {"pk": Consent.objects.get(subject_id=found.pk).pk}


def photo(world: World) -> dict[str, Any]:
    return {"pk": _visited_by_deng(world).pk}


def check(world: World) -> dict[str, Any]:
    return {"pk": _visited_by_deng(world).subject_id}


def change(world: World) -> dict[str, Any]:
    release_parameters(world)
    guarding.release_guard(world)
    found = _home(world)
    guarding.filed(world, found, by=world.deng)
    guarding.accepted(world, found, by=world.gao)
    guarding.filed(world, found, by=world.deng, assets=guarding.house(400000))
    return {"pk": found.pk}


def change_proof(world: World) -> dict[str, Any]:
    kwargs = change(world)
    profile = Profile.objects.get(subject_id=kwargs["pk"], number=2)
    given = {"profile": profile, "figures": (), "content": guarding.picture(), "name": "a.jpg"}
    evidence = guard.add_proof(staff=world.deng, post_id=None, **given)
    return kwargs | {"proof": evidence.pk}


def check_photo(world: World) -> dict[str, Any]:
    evidence = _visited_by_deng(world)
    return {"pk": evidence.subject_id, "photo": evidence.pk}


def entry(world: World) -> dict[str, Any]:
    found = _home(world)
    made = ListEntry.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=found.pk,
        colour="grey",
        reason="overdue",
        review_on=date(2099, 1, 1),
        proposed_by=world.chen,
    )
    return {"pk": made.pk}


def in_force(world: World) -> dict[str, Any]:
    made = ListEntry.objects.get(pk=entry(world)["pk"])
    made.confirmed_by, made.confirmed_at = world.he, clock.now()
    made.save()
    return {"pk": made.pk}


def list_release(world: World) -> dict[str, Any]:
    made = ListEntry.objects.get(pk=in_force(world)["pk"])
    asked = ListRelease.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=made.subject_id,
        entry=made,
        reason="已还清",
        asked_by=world.chen,
    )
    return {"pk": asked.pk}


def list_file(world: World) -> dict[str, Any]:
    release_parameters(world)
    content = f"名单,户号,姓名,原因\n灰,{_home(world).number},刘洋,现有逾期贷款\n".encode()
    made = list_files.upload(
        staff=world.chen, post_id=None, branch=world.east, content=BytesIO(content), name="名单.csv", source="x"
    )
    return {"pk": made.pk}


def released(world: World) -> dict[str, Any]:
    release_parameters(world)
    return {}


def profile_file(world: World) -> dict[str, Any]:
    release_parameters(world)
    edition = editions_of(world.bank.pk, "household")[0]
    made = profile_files.upload(
        staff=world.chen,
        post_id=None,
        branch=world.east,
        edition=edition,
        content=BytesIO(books.template(edition, "zh-hans")),
        name="走访.xlsx",
    )
    return {"pk": made.pk}


def duplicate(world: World) -> dict[str, Any]:
    made = DuplicateCase.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=_home(world).pk,
        filed_grid=world.zhao,
        found_by=world.chen,
    )
    return {"pk": made.pk}


def move_request(world: World) -> dict[str, Any]:
    """What a roster asked for: a member of one household stands in another one on its list."""
    home, other = _home(world), _home(world)
    asked = MoveRequest.objects.create(
        institution=world.bank,
        grid=world.liu,
        person=home.head,
        to_household=other,
        roster=well_kept.imported(world),
        row=2,
    )
    return {"pk": asked.pk}


def life_event(world: World) -> dict[str, Any]:
    found = _home(world)
    made = HouseholdEvent.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=found.pk,
        kind="leave",
        on=clock.today(),
        reason="全户迁出",
        effects={"why": "moved"},
        needs_giving=True,
        needs_receiving=False,
        proposed_by=world.chen,
    )
    return {"pk": made.pk}


def grid_merger(world: World) -> dict[str, Any]:
    # One merger of a village waits at a time.
    told = {"to_grid": world.wang, "on": clock.today(), "reason": "民政批复", "proposed_by": world.an}
    made, _new = GridMerger.objects.get_or_create(
        institution=world.bank, from_grid=world.liu, state="proposed", defaults=told
    )
    return {"pk": made.pk}


def similar(world: World) -> dict[str, Any]:
    made = SimilarCase.objects.create(
        institution=world.bank,
        kind="phone",
        key=f"{next(_numbers)}",
        size=2,
        rules_version=1,
        opened_at=clock.now(),
    )
    for _ in range(2):
        found = _home(world)
        SimilarMember.objects.create(
            institution=world.bank,
            grid=world.liu,
            recorded_grid=world.liu,
            subject_id=found.pk,
            person=found.people.get(relation="son"),
            case=made,
        )
    return {"pk": made.pk}


def merge(world: World) -> dict[str, Any]:
    case = SimilarCase.objects.get(pk=similar(world)["pk"])
    gone, kept = (member.person for member in case.members.order_by("pk"))
    asked = PersonMerge.objects.create(
        institution=world.bank,
        grid=world.liu,
        recorded_grid=world.liu,
        subject_id=gone.household_id,
        case=case,
        gone=gone,
        kept=kept,
        reason="x",
        asked_by=world.he,
    )
    return {"pk": asked.pk}


ROWS = {
    "customers:merger_list": Row(posts=MANAGER | {PostKind.ADMINISTRATOR}),
    "customers:merger_confirm": Row(posts=MANAGER, kwargs=grid_merger, method="post", status=302),
    "customers:merger_refuse": Row(posts=MANAGER, kwargs=grid_merger, method="post", data={"reason": "x"}, status=302),
    "customers:merger_withdraw": Row(
        posts=frozenset({PostKind.ADMINISTRATOR}), kwargs=grid_merger, method="post", status=302
    ),
    "customers:life": Row(posts=SEEING, kwargs=home),
    "customers:life_change": Row(posts=OFFICER, kwargs=lambda world: {"pk": _home(world).pk, "action": "split"}),
    "customers:life_event": Row(posts=SEEING, kwargs=life_event),
    "customers:life_confirm": Row(posts=MANAGER, kwargs=life_event, method="post", status=302),
    "customers:life_refuse": Row(posts=MANAGER, kwargs=life_event, method="post", data={"reason": "不符"}, status=302),
    "customers:move_refuse": Row(posts=OFFICER, kwargs=move_request, method="post", status=302),
    "customers:life_withdraw": Row(posts=OFFICER, kwargs=life_event, method="post", status=302),
    "customers:similar_cases": Row(posts=MANAGER),
    "customers:similar_case": Row(posts=MANAGER, kwargs=similar),
    "customers:similar_different": Row(posts=MANAGER, kwargs=similar, method="post", data={"reason": "x"}, status=302),
    "customers:merge_ask": Row(posts=MANAGER, kwargs=similar, method="post", status=302),
    "customers:merge_confirm": Row(posts=MANAGER, kwargs=merge, method="post", status=302),
    "customers:merge_reject": Row(posts=MANAGER, kwargs=merge, method="post", data={"reason": "x"}, status=302),
    "customers:merge_undo": Row(posts=MANAGER, kwargs=merge, method="post", status=302),
    "customers:merge_undo_confirm": Row(posts=MANAGER, kwargs=merge, method="post", status=302),
    "customers:duplicate_settle": Row(posts=MANAGER, kwargs=duplicate, method="post", status=302),
    "customers:today": Row(posts=OFFICER),
    "customers:drafts": Row(posts=OFFICER),
    "customers:draft_key": Row(posts=SECOND),
    "customers:paper": Row(posts=SECOND, kwargs=printable),
    "customers:paper_type": Row(posts=SECOND, kwargs=printable),
    "customers:paper_list": Row(posts=SECOND),
    "customers:paper_print": Row(posts=SECOND, method="post", status=422),
    "customers:paper_open": Row(posts=SECOND, kwargs=sheet, status=302),
    "customers:profile_files": Row(posts=SECOND),
    "customers:profile_file_upload": Row(posts=SECOND),
    "customers:profile_template": Row(posts=SECOND, kwargs=released),
    "customers:profile_export": Row(posts=SECOND, kwargs=released),
    "customers:profile_file": Row(posts=SECOND, kwargs=profile_file),
    "customers:profile_file_progress": Row(posts=SECOND, kwargs=profile_file),
    "customers:profile_file_confirm": Row(posts=MANAGER, kwargs=profile_file, method="post", status=302),
    "customers:profile_file_reject": Row(posts=MANAGER, kwargs=profile_file, method="post", status=302),
    "customers:household_list": Row(posts=SEEING | {PostKind.LEADER}),
    "customers:household": Row(posts=SEEING, kwargs=home),
    "customers:visit": Row(posts=OFFICER, kwargs=home),
    "customers:list_propose": Row(posts=SECOND, kwargs=home, method="post", status=302),
    "customers:reveal": Row(posts=SEEING, kwargs=phone_of_head, method="post"),
    "customers:correct_phone": Row(
        posts=OFFICER, kwargs=lambda world: {"pk": _home(world).head_id}, method="post", data={"phone": "x"}, status=302
    ),
    "customers:consent": Row(posts=SEEING, kwargs=home),
    "customers:contact": Row(posts=SECOND, kwargs=home),
    "customers:contact_end": Row(posts=SECOND, kwargs=home, method="post", data={"ended": "back"}, status=302),
    "customers:migrants": Row(posts=SECOND),
    "customers:migrant_export": Row(posts=SECOND),
    "customers:withdraw_consent": Row(posts=SECOND, kwargs=home, method="post", status=302),
    "customers:signature": Row(posts=SECOND | {PostKind.AUDITOR}, kwargs=signed, method="post"),
    "customers:photo": Row(posts=SEEING, kwargs=photo),
    "customers:queues": Row(posts=SECOND),
    "customers:check_returns": Row(posts=MANAGER),
    "customers:check_shares": Row(posts=MANAGER),
    "customers:check_level": Row(posts=MANAGER, method="post", status=302),
    "customers:check_take": Row(posts=SECOND, kwargs=check, method="post", status=302),
    "customers:check_hand": Row(posts=SECOND, kwargs=check, method="post", status=302),
    "customers:changes": Row(posts=SECOND),
    "customers:change": Row(posts=SECOND, kwargs=change),
    "customers:change_prove": Row(posts=SECOND, kwargs=change, method="post", status=422),
    "customers:change_settle": Row(posts=SECOND, kwargs=change, method="post", status=422),
    "customers:change_proof": Row(posts=SECOND, kwargs=change_proof),
    "customers:check": Row(posts=SECOND, kwargs=check),
    "customers:check_photo": Row(posts=SECOND, kwargs=check_photo),
    "customers:list_entries": Row(posts=SECOND | {PostKind.AUDITOR}),
    "customers:list_entry": Row(posts=SECOND | {PostKind.AUDITOR}, kwargs=entry),
    "customers:list_review": Row(
        posts=SECOND, kwargs=in_force, method="post", data={"reason": "x", "next_on": "x"}, status=302
    ),
    "customers:list_export": Row(posts=SECOND | {PostKind.AUDITOR}),
    "customers:list_files": Row(posts=SECOND),
    "customers:list_file_upload": Row(posts=SECOND),
    "customers:list_file": Row(posts=SECOND, kwargs=list_file),
    "customers:list_file_confirm": Row(posts=MANAGER, kwargs=list_file, method="post", status=302),
    "customers:list_file_reject": Row(posts=MANAGER, kwargs=list_file, method="post", status=302),
    "customers:list_confirm": Row(posts=MANAGER, kwargs=entry, method="post", status=302),
    "customers:list_reject": Row(posts=MANAGER, kwargs=entry, method="post", status=302),
    "customers:list_release_ask": Row(
        posts=SECOND, kwargs=in_force, method="post", data={"reason": "已还清"}, status=302
    ),
    "customers:list_release_confirm": Row(posts=MANAGER, kwargs=list_release, method="post", status=302),
    "customers:list_release_reject": Row(posts=MANAGER, kwargs=list_release, method="post", status=302),
}
