"""Files of staff and posts: upload, what is wrong in them, what they would change, confirmation by another administrator."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from grids.access import PostKind, open_staff_import
from grids.domain import stafffile
from grids.forms import StaffFileForm
from grids.selectors import staff_files as selectors
from grids.services import Refused
from grids.services import staff_files as services
from grids.services.staff_files import SameFileError

PROBLEMS_SHOWN = 500
TONES = {"broken": "orange", "waiting": "wait", "confirmed": "good", "rejected": "neutral", "withdrawn": "neutral"}


def _where(request: StaffRequest, *more: str) -> list[dict[str, str]]:
    return [
        {"label": request.user.institution.short_name},
        {"label": _("人员"), "url": reverse("grids:staff_list")},
        {"label": _("人员文件"), "url": reverse("grids:staff_files")},
        *({"label": label} for label in more),
    ]


@allow(PostKind.ADMINISTRATOR)
@require_GET
def file_list(request: StaffRequest) -> HttpResponse:
    """The files of the institution, the newest first."""
    page = selectors.list_files(request.user.institution_id, request.GET.get("page"))
    rows = [{"file": one, "tone": TONES[one.state]} for one in page]
    return render(request, "grids/staff_files.html", {"where": _where(request), "page": page, "rows": rows})


@allow(PostKind.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def file_upload(request: StaffRequest) -> HttpResponse:
    """Upload a file; every row is checked at once."""
    form = StaffFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"]
        try:
            found = services.upload(by=request.user, post=request.post, content=content, name=content.name)
        except FileRefused as refused:
            form.add_error("file", str(refused))
        except SameFileError as same:
            messages.info(request, _("同一份文件已经上传，等另一位管理员确认"))
            return redirect("grids:staff_file", same.file.pk)
        else:
            return redirect("grids:staff_file", found.pk)
    english = (get_language() or "").startswith("en")
    context = {
        "where": _where(request, _("上传")),
        "form": form,
        "kinds": [words[english] for words in stafffile.KINDS.values()],
    }
    return render(request, "grids/staff_file_upload.html", context, status=422 if form.errors else 200)


@allow(PostKind.ADMINISTRATOR)
@require_GET
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """One file: what is wrong in it, or what it would change, row by row."""
    found = open_staff_import(request.post, pk)
    what = request.GET.get("what", "")
    labels = (("new", _("新增")), ("ended", _("改结束日期")), ("changed", _("资料变更")), ("unchanged", _("无变化")))
    context = {
        "where": _where(request, found.file_name),
        "file": found,
        "tone": TONES[found.state],
        "problems": [stafffile.describe(one, get_language() or "") for one in found.problems[:PROBLEMS_SHOWN]],
        "problem_count": len(found.problems),
        "page": selectors.rows_of(found, what, request.GET.get("page")),
        "what": what,
        "kinds": [{"code": code, "label": label, "count": found.counts.get(code, 0)} for code, label in labels],
        "labels": dict(labels),
        "is_own": found.uploaded_by_id == request.user.pk,
        "is_waiting": found.state == services.State.WAITING,
    }
    return render(request, "grids/staff_file.html", context)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Carry out the file of another administrator."""
    found = open_staff_import(request.post, pk)
    try:
        counts = services.confirm(file=found, by=request.user, post=request.post)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        changed = sum(count for what, count in counts.items() if what != "unchanged")
        done = ngettext("已写入 %(count)s 行变化", "已写入 %(count)s 行变化", changed) % {"count": changed}
        messages.success(request, done)
    return redirect("grids:staff_file", pk)


@allow(PostKind.ADMINISTRATOR)
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse the file of another administrator with an answer, or take back one's own."""
    found = open_staff_import(request.post, pk)
    try:
        services.reject(file=found, by=request.user, post=request.post, answer=request.POST.get("reason", ""))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("已处理，文件里的内容都不生效"))
    return redirect("grids:staff_file", pk)
