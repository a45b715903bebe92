"""The address of the OpenAPI document; it needs a sign-in like all else."""

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from config.lib.access import DeclaredPermission


class SchemaView(SpectacularAPIView):
    """The OpenAPI document as JSON."""

    is_for_all_posts = True
    permission_classes = (DeclaredPermission,)
    renderer_classes = [OpenApiJsonRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the document."""
        return super().get(request, *args, **kwargs)
