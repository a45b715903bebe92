"""People and their access: accounts, posts, passwords, tokens, language. Nobody appoints himself."""

import json
import secrets
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from grids.domain.tokens import token_hash
from grids.models import ApiToken, Branch, DeviceIssue, Post, PostKind, Staff
from grids.selectors.people import is_last_administrator
from grids.services import Refused

#: Posts that are held for a branch; the others are held for the institution, or for one branch when it is named.
BRANCH_POSTS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.CHECKER})
WHOLE_ONLY = frozenset({PostKind.ADMINISTRATOR, PostKind.PARAMETER_MANAGER, PostKind.ASSESSOR})
#: Letters and digits that nobody misreads on paper or on the telephone.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LONGEST_TOKEN_DAYS = 365


def set_language(*, staff: Staff, language: str) -> None:
    """Remember the language a person works in."""
    staff.language = language
    staff.save(update_fields=["language"])


def demo_logins() -> list[dict[str, Any]]:
    """Return the logins the demo county wrote beside its data; empty in production and where there is no demo."""
    path = settings.DATA_DIR / "demo-logins.json"
    if settings.PRODUCTION or not path.exists():
        return []
    return list(json.loads(path.read_text("utf-8")))


def one_time_password() -> str:
    """Make a password for a first sign-in: 12 characters of 31, in groups, easy to read out."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def _record(by: Staff, acting: Post | None, verb: str, staff: Staff, **detail: Any) -> None:
    audit.record(
        staff=by, post_id=acting.pk if acting else None, verb=verb, about="staff", about_id=staff.pk, detail=detail
    )


def _free_address(person: Staff, email: str) -> str:
    """Return an e-mail address as it is stored, refused while it is somebody else's of the institution."""
    address = email.strip().lower()
    others = Staff.objects.filter(institution_id=person.institution_id, email=address)
    if address and others.exclude(pk=person.pk).exists():
        raise Refused(_("邮箱 %(email)s 已是别人的") % {"email": address})
    return address


@transaction.atomic
def create_staff(
    *,
    by: Staff,
    post: Post,
    number: str,
    name: str,
    home_branch: Branch | None,
    kind: str = Staff.Kind.EMPLOYEE,
    email: str = "",
) -> tuple[Staff, str]:
    """Create a person and return him with the one-time password, which is shown once and stored nowhere."""
    number = number.strip()
    if Staff.objects.filter(number__iexact=number).exists():
        raise Refused(_("工号 %(number)s 已经有人使用") % {"number": number})
    email = _free_address(by, email)
    password = one_time_password()
    staff = Staff.objects.create_user(
        number,
        password,
        name=name.strip(),
        kind=kind,
        institution_id=by.institution_id,
        home_branch=home_branch,
        email=email,
        must_change_password=True,
    )
    _record(by, post, "staff_created", staff)
    return staff, password


@transaction.atomic
def change_staff(
    *, staff: Staff, by: Staff, post: Post, name: str, home_branch: Branch | None, email: str = ""
) -> None:
    """Correct a person's name or address, or move him to another branch; his posts are not touched."""
    staff.name, staff.home_branch = name.strip(), home_branch
    staff.email = _free_address(staff, email)
    staff.save(update_fields=["name", "home_branch", "email"])
    _record(by, post, "staff_changed", staff, branch=home_branch.pk if home_branch else None)


@transaction.atomic
def appoint(
    *,
    staff: Staff,
    kind: str,
    branch: Branch | None,
    from_on: date,
    by: Staff,
    post: Post,
    to_on: date | None = None,
) -> Post:
    """Give a person a post from a day on (to a day, exclusive). Nobody appoints himself; the database refuses it too."""
    Staff.objects.select_for_update().get(pk=staff.pk)
    if staff.pk == by.pk:
        raise Refused(_("不能给自己任岗，请由另一位管理员办理"))
    if not staff.is_active:
        raise Refused(_("%(name)s 已停用，请先恢复登录") % {"name": staff.name})
    if from_on < clock.today():
        raise Refused(_("任岗日期不能早于今天"))
    if to_on is not None and to_on <= from_on:
        raise Refused(_("结束日期要晚于开始日期"))
    if kind in BRANCH_POSTS and branch is None:
        raise Refused(_("这个岗位要选机构范围"))
    if kind in WHOLE_ONLY and branch is not None:
        raise Refused(_("这个岗位不分机构，请不要选机构范围"))
    if staff.kind == Staff.Kind.OUTSIDE and kind != PostKind.ASSESSOR:
        raise Refused(_("外部人员只能任评议员"))
    for held in Post.objects.filter(staff=staff, kind=kind, branch=branch):
        if (held.to_on is None or held.to_on > from_on) and (to_on is None or held.from_on < to_on):
            raise Refused(_("这段时间已经有同样的岗位"))
    given = Post.objects.create(
        staff=staff, kind=kind, branch=branch, from_on=from_on, to_on=to_on, appointed_by_id=by.pk
    )
    _record(by, post, "post_given", staff, post=given.pk, kind=kind, branch=branch.pk if branch else None)
    return given


@transaction.atomic
def end_post(*, held: Post, by: Staff, post: Post, on: date) -> None:
    """End a post on a day, today at the earliest; one that has not begun never begins."""
    if on < clock.today():
        raise Refused(_("结束日期不能早于今天"))
    if held.to_on is not None and held.to_on <= on:
        raise Refused(_("这个岗位到那天已经结束"))
    if held.staff_id == by.pk:
        raise Refused(_("不能结束自己的岗位，请由另一位管理员办理"))
    if held.kind == PostKind.ADMINISTRATOR and is_last_administrator(held.staff, leaving=held):
        raise Refused(_("这是最后一位系统管理员，请先任命另一位"))
    held.to_on = max(on, held.from_on)
    held.save(update_fields=["to_on"])
    _record(by, post, "post_ended", held.staff, post=held.pk, to_on=str(held.to_on))


@transaction.atomic
def stop_staff(*, staff: Staff, by: Staff, post: Post) -> None:
    """Take away a person's sign-in at once, on every device; posts and history stay."""
    if staff.pk == by.pk:
        raise Refused(_("不能停用自己"))
    if is_last_administrator(staff):
        raise Refused(_("这是最后一位系统管理员，请先任命另一位"))
    staff.is_active = False
    staff.save(update_fields=["is_active"])
    ApiToken.objects.filter(staff=staff, revoked_at=None).update(revoked_at=clock.now())
    _record(by, post, "staff_stopped", staff)


@transaction.atomic
def resume_staff(*, staff: Staff, by: Staff, post: Post) -> None:
    """Let a person sign in again; his tokens stay revoked."""
    staff.is_active = True
    staff.save(update_fields=["is_active"])
    _record(by, post, "staff_resumed", staff)


@transaction.atomic
def reset_password(*, staff: Staff, by: Staff, post: Post) -> str:
    """Give a person a new one-time password, shown once; sessions under the old one end."""
    if staff.pk == by.pk:
        raise Refused(_("请在“我的”页面修改自己的密码"))
    password = one_time_password()
    staff.set_password(password)
    staff.must_change_password = True
    staff.save(update_fields=["password", "must_change_password"])
    _record(by, post, "password_reset", staff)
    return password


@transaction.atomic
def change_password(*, staff: Staff, new: str) -> None:
    """Set the password a person chose; sessions on other devices end. Raises ValidationError for a weak one."""
    validate_password(new, staff)
    staff.set_password(new)
    staff.must_change_password = False
    staff.save(update_fields=["password", "must_change_password"])
    _record(staff, None, "password_changed", staff)


@transaction.atomic
def create_token(
    *, staff: Staff, post: Post, name: str, scope: str, days: int, device: DeviceIssue | None = None
) -> tuple[ApiToken, str]:
    """Make a token for one of a person's own posts; return it with its text, which is shown once and stored nowhere.

    Made on a known device, it ends with the device.
    """
    if post.staff_id != staff.pk:
        raise Refused(_("只能为自己的岗位生成令牌"))
    if post.kind == PostKind.ASSESSOR:
        raise Refused(_("评议员不使用程序接口"))
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise Refused(_("有效期为 1 至 %(days)s 天") % {"days": LONGEST_TOKEN_DAYS})
    text = f"gd_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        staff=staff,
        post=post,
        name=name.strip(),
        scope=scope,
        sha256=token_hash(text),
        device=device,
        expires_at=clock.now() + timedelta(days=days),
    )
    _record(staff, post, "token_created", staff, token=token.pk, scope=scope, days=days)
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken) -> None:
    """End a token at once."""
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        _record(token.staff, token.post, "token_revoked", token.staff, token=token.pk)
