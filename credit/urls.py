"""Pages of credit."""

from django.urls import URLPattern, URLResolver, path

from credit.views import decisions, lines, rounds, sheet_pages, sheets

app_name = "credit"
urlpatterns: list[URLPattern | URLResolver] = [
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/<int:pk>/", rounds.round_page, name="round"),
    path("rounds/<int:pk>/start/", rounds.round_start, name="round_start"),
    path("rounds/<int:pk>/due/", rounds.round_due, name="round_due"),
    path("rounds/<int:pk>/close/", rounds.round_close, name="round_close"),
    path("rounds/<int:pk>/propose/", rounds.round_propose, name="round_propose"),
    path("rounds/<int:pk>/recompute/", rounds.round_recompute, name="round_recompute"),
    path("rounds/<int:pk>/opening/", rounds.round_opening, name="round_opening"),
    path("rounds/<int:pk>/opening/<slug:step>/", rounds.round_open, name="round_open"),
    path("rounds/<int:pk>/sheets/own/", rounds.round_add_own, name="round_add_own"),
    path("rounds/<int:pk>/sheets/paper/", rounds.round_add_paper, name="round_add_paper"),
    path("rounds/<int:pk>/sheets/<int:sheet>/password/", rounds.sheet_password, name="sheet_password"),
    path("rounds/<int:pk>/sheets/<int:sheet>/withdraw/", rounds.sheet_withdraw, name="sheet_withdraw"),
    path("rounds/<int:pk>/sheets/<int:sheet>/excuse/", rounds.sheet_excuse, name="sheet_excuse"),
    path("rounds/<int:pk>/papers/", sheet_pages.round_papers, name="round_papers"),
    path("rounds/<int:pk>/papers/<uuid:page>/", sheet_pages.round_paper, name="round_paper"),
    path("sheets/", sheets.my_sheet, name="my_sheet"),
    path("sheets/<uuid:uuid>/", sheets.sheet, name="sheet"),
    path("sheets/<uuid:uuid>/cell/", sheets.sheet_cell, name="sheet_cell"),
    path("sheets/<uuid:uuid>/seal/", sheets.sheet_seal, name="sheet_seal"),
    path("sheets/<uuid:uuid>/back/", sheets.sheet_back, name="sheet_back"),
    path("sheets/<uuid:uuid>/pages/", sheet_pages.page_add, name="sheet_page_add"),
    path("sheets/<uuid:uuid>/pages/<uuid:page>/", sheet_pages.page, name="sheet_page"),
    path("sheets/<uuid:uuid>/pages/<uuid:page>/drop/", sheet_pages.page_drop, name="sheet_page_drop"),
    path("to-decide/", decisions.to_decide, name="to_decide"),
    path("to-decide/approve/", decisions.approve_chosen, name="approve_chosen"),
    path("decisions/<int:pk>/", decisions.decision, name="decision"),
    path("decisions/<int:pk>/<slug:step>/", decisions.decision_step, name="decision_step"),
    path("lines/", lines.line_list, name="line_list"),
    path("lines/start/", lines.line_start, name="line_start"),
    path("lines/<int:pk>/", lines.line_run, name="line_run"),
    path("lines/<int:pk>/progress/", lines.line_progress, name="line_progress"),
    path("lines/<int:pk>/publish/", lines.line_publish, name="line_publish"),
    path("lines/<int:pk>/withdraw/", lines.line_withdraw, name="line_withdraw"),
    path("lines/results/<int:pk>/", lines.line_result, name="line_result"),
    path("lines/results/<int:pk>/paper/", lines.line_paper_pdf, name="line_paper"),
    path("households/<int:pk>/line/", lines.line, name="line"),
    path("households/<int:pk>/line/card/", lines.household_line, name="household_line"),
]
