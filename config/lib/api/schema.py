"""The OpenAPI document: every operation names the errors it may answer with."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from config.lib.api.errors import ErrorSerializer

ERRORS = {
    "401": "No token or session, or one that is no longer good",
    "404": "Not there, or not for this post",
    "422": "A parameter or the content is refused; every problem is named",
    "429": "Too many requests in this minute; Retry-After says when to go on",
}


class Schema(AutoSchema):
    """Adds the errors every operation shares."""

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction == "response":
            for status, words in ERRORS.items():
                if status not in bodies:
                    bodies[status] = {
                        **self._get_response_for_code(ErrorSerializer, status, direction=direction),
                        "description": words,
                    }
        return bodies
