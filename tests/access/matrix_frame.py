"""Rows of the frame's own pages."""

from grids.models import PostKind
from tests.access.matrix import ALL_POSTS, EVERYBODY, Row

ROWS = {
    "healthz": Row(posts=EVERYBODY, status=200),
    "home": Row(posts=ALL_POSTS, status=302),
    "sign_in": Row(posts=EVERYBODY, status=200),
    "sign_out": Row(posts=ALL_POSTS, method="post", status=302),
    "switch_post": Row(posts=ALL_POSTS, method="post", data={"post": "0"}, status=404),
    "set_language": Row(posts=EVERYBODY, method="post", data={"language": "en"}, status=302),
    "styleguide": Row(posts=frozenset({PostKind.ADMINISTRATOR, PostKind.PARAMETER_MANAGER})),
}
