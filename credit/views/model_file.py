"""A model tried on a file of invented households: the template, all faults in one pass, the results as a workbook. Nothing is kept."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from config.lib import clock, tablefile
from config.lib.access import allow
from config.lib.requests import StaffRequest
from config.lib.sheets import Sheet, write_workbook
from config.lib.tablefile import TableRefusedError
from credit.domain import trial_file
from credit.domain.model import BoundModel, Model, ParameterError
from credit.domain.typed_facts import read_parameters
from credit.selectors import laboratory
from credit.selectors.explained_model import language
from credit.selectors.trying import county_texts, parameter_fields
from credit.views.laboratory import opened, page_of
from grids.access import PostKind

LARGEST = 5 * 1024 * 1024
MOST_SHOWN = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _book(table: Any, name: str) -> HttpResponse:
    content = write_workbook([Sheet(table=table)], language=language(), created=clock.now())
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


@allow(PostKind.PARAMETER_MANAGER)
@require_GET
def model_template(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """The empty workbook of a model's facts."""
    text = opened(request, sort, pk)
    if text.model is None:
        raise Http404
    return _book(trial_file.template(text.model), f"{text.key}-{_('试算模板')}.xlsx")


@allow(PostKind.PARAMETER_MANAGER)
@require_http_methods(["GET", "POST"])
@never_cache
def model_file(request: StaffRequest, sort: str, pk: int) -> HttpResponse:
    """Try a model on a file: every fault of it at once, or the results as a workbook."""
    text = opened(request, sort, pk)
    context = page_of(request, text, "model_file", _("试一个文件"))
    if text.model is None:
        return render(request, "credit/model_file.html", context)
    released = county_texts(
        text.model, laboratory.counties(request.user.institution_id), request.user.institution.county_code
    )
    typed = {
        one.name: request.POST.get(f"parameter.{one.name}", released.get(one.name, "")) for one in text.model.parameters
    }
    errors: dict[str, str] = {}
    wrong: list[dict[str, Any]] = []
    if request.method == "POST":
        values, unread = read_parameters(text.model.parameters, typed)
        errors = {one.place: one.words.text(language()) for one in unread}
        rows, refused, wrong = _rows(request, text.model)
        if refused:
            errors["refused"] = refused
        if not errors and not wrong:
            try:
                table = trial_file.results(BoundModel(text.model, values), rows)
                return _book(table, f"{text.key}-{_('试算结果')}.xlsx")
            except ParameterError as error:
                errors["refused"] = _("模型参数不能用：%(error)s") % {"error": error}
    context |= {
        "parameters": parameter_fields(text.model, typed, errors, language()),
        "refused": errors.get("refused", ""),
        "wrong": wrong[:MOST_SHOWN],
        "count": len(wrong),
        "most": trial_file.MOST_ROWS,
        "can_be_tried": True,
    }
    return render(request, "credit/model_file.html", context, status=422 if errors or wrong else 200)


def _rows(request: StaffRequest, model: Model) -> tuple[list[Any], str, list[dict[str, Any]]]:
    """Return the rows of the uploaded file, why it cannot be read, and every cell that cannot."""
    uploaded: Any = request.FILES.get("file")
    if uploaded is None:
        return [], _("请选一个文件"), []
    if uploaded.size > LARGEST:
        return [], _("文件太大，最多 5 MB"), []
    try:
        read = tablefile.read(uploaded, trial_file.titles(model), required=(), most_rows=trial_file.MOST_ROWS)
    except TableRefusedError as error:
        code = error.found[0][2]
        return [], _said(code), []
    rows, wrong = trial_file.read(model, read)
    words = language()
    return rows, "", [{"row": one.row, "column": one.column.of(words), "text": one.words.text(words)} for one in wrong]


def _said(code: str) -> str:
    return {
        "header": _("没有找到表头。请用模板的列名"),
        "file_empty": _("文件里没有数据"),
        "too_many": _("行太多，最多 5,000 行"),
        "file_password": _("文件有打开密码，请取消密码再传"),
    }.get(code, _("读不出表格。请用模板填写，存成 .xlsx 或 CSV（UTF-8）"))
