"""Health of the installation."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from config.lib.access import public
from config.lib.health import broker_answers


@public
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 once database and broker answer and every migration is applied, else 503 with what is missing."""
    missing = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Exception:
        missing.append("database")
    if not broker_answers():
        missing.append("broker")
    return JsonResponse({"ok": not missing, "missing": missing}, status=503 if missing else 200)
