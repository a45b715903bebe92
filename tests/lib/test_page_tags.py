"""The small parts of pages: badges, bars, links that keep a list's state, fields."""

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory


def _render(source: str, query: str = "", **context: object) -> str:
    request = RequestFactory().get(f"/list/{query}")
    return Template(source).render(Context({"request": request, **context}))


def test_query_replaces_removes_and_returns_to_the_first_page() -> None:
    assert _render("{% query state='new' %}", "?page=4&village=7") == "?village=7&amp;state=new"
    assert _render("{% query village=None %}", "?village=7&sort=name") == "?sort=name"
    assert _render("{% query page=5 %}", "?page=4&village=7") == "?page=5&amp;village=7"


def test_sort_header_turns_round_and_says_so() -> None:
    first = _render("{% sort_header 'visited' '已走访' align='end' %}")
    turned = _render("{% sort_header 'visited' '已走访' align='end' %}", "?sort=-visited&page=3")
    assert 'aria-sort="none"' in first
    assert "?sort=-visited" in first
    assert 'aria-sort="descending"' in turned
    assert 'href="?sort=visited"' in turned


def test_filters_show_what_is_chosen_and_how_to_undo_it() -> None:
    filters = [
        {"name": "village", "label": "网格", "kind": "select", "options": [(7, "西沟村"), (8, "官道村")], "main": True}
    ]
    html = _render("{% filter_bar filters target='#list' found=12 %}", "?village=7&page=2&sort=name", filters=filters)
    assert '<option value="7" selected>西沟村</option>' in html
    assert 'href="?sort=name"' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert "共 12 条" in html
    assert 'name="page"' not in html


def test_pagination_elides_and_keeps_the_filters() -> None:
    page = Paginator(range(734), 20).get_page(4)
    html = _render("{% pagination page %}", "?state=new&page=4", page=page)
    assert "第 61–80 条，共 734 条" in html
    assert 'href="?state=new&amp;page=37"' in html
    assert 'aria-current="page">4<' in html
    assert _render("{% pagination page %}", page=Paginator(range(5), 20).get_page(1)).strip() == ""


def test_bars_draw_with_attributes_and_stay_within_bounds() -> None:
    assert 'width="72.10%"' in _render("{% bar 292 405 label='走访' %}")
    assert 'aria-label="走访 72.10 %"' in _render("{% bar 292 405 label='走访' %}")
    assert 'width="100.00%"' in _render("{% bar 5 4 %}")
    assert 'width="0.00%"' in _render("{% bar 0 0 %}")
    assert "style=" not in _render("{% bar 1 2 target=1 %}{% ring 1 2 %}")


def test_a_state_is_never_colour_only() -> None:
    for tone in ("good", "wait", "locked", "yellow", "orange", "red"):
        assert "<svg" in _render(f"{{% badge '状态' '{tone}' %}}")
    with pytest.raises(TemplateSyntaxError, match="tone 'blue'"):
        _render("{% badge '状态' 'blue' %}")


def test_change_is_said_and_escaped() -> None:
    assert "增加" in _render("{{ 96|change }}")
    assert "减少" in _render("{{ value|change }}", value=-38)
    assert "持平" in _render("{{ 0|change }}")
    assert _render("{{ value|change }}", value="<b>") == ""
    assert "下降" in _render("{{ value|rank_change }}", value=-2)


class _Form(forms.Form):
    amount = forms.DecimalField(label="估值", help_text="按市价")
    choice = forms.ChoiceField(label="评价", choices=[("a", "AAA")], widget=forms.RadioSelect, required=False)


def test_a_field_ties_its_help_last_value_and_errors_to_the_control() -> None:
    form = _Form({"amount": "三万"})
    html = _render("{% field form.amount unit='元' last='18,000' data_sum='assets' %}", form=form)
    assert 'type="text"' in html
    assert 'inputmode="decimal"' in html
    assert 'value="三万"' in html
    assert 'aria-describedby="id_amount_help id_amount_last id_amount_errors"' in html
    assert 'data-sum="assets"' in html
    assert 'aria-invalid="true"' in html
    assert '<label class="form-label" for="id_amount">' in html


def test_choices_are_a_group_with_a_legend() -> None:
    html = _render("{% field form.choice %}", form=_Form())
    assert "<legend" in html
    assert "选填" in html
    assert html.count('type="radio"') == 1


def test_a_chart_comes_with_the_same_figures_as_a_table() -> None:
    data = {
        "kind": "bars", "title": "授信", "format": "wan", "unit": "万元", "labels": ["甲村", "乙村"],
        "series": [{"name": "余额", "values": ["3860000", None], "urls": ["/a", "/b"]}],
    }  # fmt: skip
    html = _render("{% chart data 'lines' head='网格' %}", data=data)
    assert '<a href="/a">386.00</a>' in html
    assert '<a href="/b">—</a>' in html
    assert '<script id="lines-data" type="application/json">' in html
