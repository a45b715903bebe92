"""Sign-in of programs: a bearer token that stands for one post of one person, with a scope and an end.

Only the sha256 of a token is stored. A token acts as its post under the same row security as the person's own pages, dies
with the post and with the person's access, and writes only when its scope says so.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from config.lib import clock
from config.lib.requests import request_id
from grids.access import act_as, posts_of
from grids.domain.tokens import token_hash
from grids.models import ApiToken, Staff

WORD = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``; sets ``request.post`` and acts as that post until the transaction ends."""

    def authenticate(self, request: Request) -> tuple[Staff, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != WORD.lower().encode():
            return None
        token = _living(words[1].decode("latin-1")) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed
        if token.scope != "write" and request.method not in SAFE_METHODS:
            raise PermissionDenied("this token may only read")
        frame: Any = request._request
        frame.post, frame.posts = token.post, [token.post]
        act_as(token.staff, token.post, request_id.get())
        return token.staff, token

    def authenticate_header(self, request: Request) -> str:
        return f'{WORD} realm="gedang"'


def _living(text: str) -> ApiToken | None:
    """Return the token if it is neither revoked nor expired and its person and post still stand."""
    token = (
        ApiToken.objects.filter(sha256=token_hash(text), revoked_at=None, expires_at__gt=clock.now())
        .filter(staff__is_active=True, staff__must_change_password=False)
        .select_related("staff__institution", "post__branch")
        .first()
    )
    if token is None or not posts_of(token.staff).filter(pk=token.post_id).exists():
        return None
    token.post.staff = token.staff
    return token


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token appears in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made on the page 我的 · Me."}
