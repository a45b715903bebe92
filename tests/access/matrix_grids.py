"""Rows of the territory's pages."""

from datetime import timedelta
from typing import Any

from config.lib import clock
from config.lib.models import StoredFile
from grids.models import Absence, Device, DeviceIssue, PostKind, Seat, Staff, StaffImport, Training, Transfer
from tests.access.matrix import ALL_POSTS, Row
from tests.world import World

ADMINISTRATOR = frozenset({PostKind.ADMINISTRATOR})
SEATING = frozenset({PostKind.ADMINISTRATOR, PostKind.BRANCH_MANAGER})
SEEING = frozenset(
    {
        PostKind.OFFICER,
        PostKind.BRANCH_MANAGER,
        PostKind.APPROVER,
        PostKind.AUDITOR,
        PostKind.CHECKER,
        PostKind.LEADER,
        PostKind.ADMINISTRATOR,
    }
)


def liu(world: World) -> dict[str, Any]:
    return {"pk": world.liu.pk}


def chen(world: World) -> dict[str, Any]:
    return {"pk": world.chen.pk}


def post_of_chen(world: World) -> dict[str, Any]:
    return {"pk": world.chen.posts.get().pk}


def manager_seat(world: World) -> dict[str, Any]:
    return {"pk": world.manager_seat.pk}


def staff_file(world: World) -> dict[str, Any]:
    """A file another administrator uploaded."""
    found = StaffImport.objects.first()
    if found is None:
        bo = Staff.objects.create_user("bo", None, name="薄云", institution=world.bank)
        stored = StoredFile.objects.create(
            institution=world.bank, kind="roster", name="x", content_type="", size=0, sha256="", storage_key="x"
        )
        found = StaffImport.objects.create(
            institution=world.bank, file=stored, file_sha256="", file_name="x", state="waiting", uploaded_by=bo
        )
    return {"pk": found.pk}


def transfer(world: World) -> dict[str, Any]:
    """A proposal of another administrator about Chen."""
    found = Transfer.objects.first()
    if found is None:
        bo = Staff.objects.create_user("bo", None, name="薄云", institution=world.bank)
        found = Transfer.objects.create(
            institution=world.bank, staff=world.chen, kind="leave", from_branch=world.east, on=clock.today(), reason="x",
            proposed_by=bo,
        )  # fmt: skip
    return {"pk": found.pk}


def absence(world: World) -> dict[str, Any]:
    """Chen is away, Deng stands in."""
    found = Absence.objects.first() or Absence.objects.create(
        institution=world.bank, staff=world.chen, deputy=world.deng, from_on=clock.today(),
        to_on=clock.today() + timedelta(days=3), reason="x", recorded_by=world.gao,
    )  # fmt: skip
    return {"pk": found.pk}


def device(world: World) -> dict[str, Any]:
    """A device in Chen's hands."""
    return {"pk": _issue(world).device_id}


def device_issue(world: World) -> dict[str, Any]:
    return {"pk": _issue(world).pk}


def _issue(world: World) -> DeviceIssue:
    found = DeviceIssue.objects.first()
    if found is None:
        made = Device.objects.create(
            institution=world.bank, asset_number="P-1", kind="phone", serial_tail="1234", serial_index=b"1",
            registered_by=world.an,
        )  # fmt: skip
        found = DeviceIssue.objects.create(
            institution=world.bank, device=made, staff=world.chen, issued_by=world.an, code_sha256="x",
            code_until=clock.now() + timedelta(days=7),
        )  # fmt: skip
    return found


def training(world: World) -> dict[str, Any]:
    """A session for the whole bank."""
    found = Training.objects.first() or Training.objects.create(
        institution=world.bank, title="x", kind="start", on=clock.today(), place="x", trainer="x", hours=2, recorded_by=world.an,
    )  # fmt: skip
    return {"pk": found.pk}


ROWS = {
    "grids:training_list": Row(posts=SEATING),
    "grids:training_new": Row(posts=SEATING),
    "grids:training_people": Row(posts=SEATING),
    "grids:training": Row(posts=SEATING, kwargs=training),
    "grids:training_invite": Row(posts=SEATING, kwargs=training, method="post", status=302),
    "grids:training_note": Row(posts=SEATING, kwargs=training, method="post", status=302),
    "grids:training_file": Row(posts=SEATING, kwargs=training, method="post", status=422),
    "grids:training_cancel": Row(posts=SEATING, kwargs=training, method="post", status=302),
    "grids:device_list": Row(posts=SEATING),
    "grids:device_new": Row(posts=ADMINISTRATOR),
    "grids:device": Row(posts=SEATING, kwargs=device),
    "grids:device_issue": Row(posts=ADMINISTRATOR, kwargs=device, method="post", data={}, status=422),
    "grids:device_retire": Row(posts=ADMINISTRATOR, kwargs=device, method="post", status=302),
    "grids:device_code": Row(posts=ADMINISTRATOR, kwargs=device_issue, method="post"),
    "grids:device_return": Row(posts=ADMINISTRATOR, kwargs=device_issue, method="post", status=302),
    # Chen himself, his manager, the administrator.
    "grids:device_lost": Row(posts=SEATING | {PostKind.OFFICER}, kwargs=device_issue, method="post", status=302),
    "grids:device_close": Row(posts=ADMINISTRATOR, kwargs=device_issue, method="post", status=302),
    "grids:commission": Row(posts=ALL_POSTS),
    "grids:choose_notices": Row(posts=ALL_POSTS, method="post", data={"notices": "none"}, status=302),
    "grids:inbox": Row(posts=ALL_POSTS - {PostKind.ASSESSOR}),
    "grids:inbox_count": Row(posts=ALL_POSTS - {PostKind.ASSESSOR}),
    "grids:grid_list": Row(posts=SEEING),
    "grids:map": Row(posts=SEEING),
    "grids:grid": Row(posts=SEEING, kwargs=liu),
    "grids:grid_change": Row(posts=ADMINISTRATOR, kwargs=liu),
    "grids:assign_seat": Row(
        posts=SEATING,
        kwargs=lambda world: {"pk": world.liu.pk, "kind": world.manager_seat.pk},
        method="post",
        data={},
        status=422,
    ),
    "grids:end_seat": Row(
        posts=SEATING,
        kwargs=lambda world: {"pk": Seat.objects.get(grid=world.liu).pk},
        method="post",
        data={"on": ""},
        status=302,
    ),
    "grids:seat_kind_list": Row(posts=ADMINISTRATOR),
    "grids:seat_kind_new": Row(posts=ADMINISTRATOR),
    "grids:seat_kind": Row(posts=ADMINISTRATOR, kwargs=manager_seat),
    "grids:seat_kind_move": Row(posts=ADMINISTRATOR, kwargs=manager_seat, method="post", data={"to": "up"}, status=302),
    "grids:seat_kind_close": Row(posts=ADMINISTRATOR, kwargs=manager_seat, method="post", status=302),
    "grids:seat_kind_reopen": Row(posts=ADMINISTRATOR, kwargs=manager_seat, method="post", status=302),
    "grids:hand_over": Row(posts=SEATING),
    "grids:branch_list": Row(posts=ADMINISTRATOR),
    "grids:grid_new": Row(posts=ADMINISTRATOR),
    "grids:branch_new": Row(posts=ADMINISTRATOR),
    "grids:branch": Row(posts=ADMINISTRATOR, kwargs=lambda world: {"pk": world.east.pk}),
    "grids:staff_list": Row(posts=ADMINISTRATOR),
    "grids:staff_new": Row(posts=ADMINISTRATOR),
    "grids:staff_files": Row(posts=ADMINISTRATOR),
    "grids:staff_file_upload": Row(posts=ADMINISTRATOR),
    "grids:staff_file": Row(posts=ADMINISTRATOR, kwargs=staff_file),
    "grids:staff_file_confirm": Row(posts=ADMINISTRATOR, kwargs=staff_file, method="post", status=302),
    "grids:staff_file_reject": Row(posts=ADMINISTRATOR, kwargs=staff_file, method="post", status=302),
    "grids:staff": Row(posts=ADMINISTRATOR, kwargs=chen),
    "grids:staff_change": Row(posts=ADMINISTRATOR, kwargs=chen, method="post", data={}, status=422),
    "grids:appoint": Row(posts=ADMINISTRATOR, kwargs=chen, method="post", data={}, status=422),
    "grids:staff_stop": Row(posts=ADMINISTRATOR, kwargs=chen, method="post", status=302),
    "grids:staff_resume": Row(posts=ADMINISTRATOR, kwargs=chen, method="post", status=302),
    "grids:staff_password": Row(posts=ADMINISTRATOR, kwargs=chen, method="post", status=200),
    "grids:end_post": Row(posts=ADMINISTRATOR, kwargs=post_of_chen, method="post", data={"on": "x"}, status=302),
    "grids:transfers": Row(posts=SEATING),
    "grids:transfer_new": Row(posts=ADMINISTRATOR),
    "grids:transfer_confirm": Row(posts=SEATING, kwargs=transfer, method="post", status=302),
    "grids:transfer_end": Row(posts=SEATING, kwargs=transfer, method="post", status=302),
    "grids:absences": Row(posts=SEATING),
    "grids:absence_end": Row(posts=SEATING, kwargs=absence, method="post", status=302),
    "grids:me": Row(posts=ALL_POSTS),
    "grids:password": Row(posts=ALL_POSTS),
    "grids:create_token": Row(posts=ALL_POSTS, method="post", data={}, status=422),
    "grids:revoke_token": Row(posts=frozenset(), kwargs=lambda world: {"pk": 0}, method="post"),
    "grids:system": Row(posts=ADMINISTRATOR),
    "grids:system_workers": Row(posts=ADMINISTRATOR),
}
