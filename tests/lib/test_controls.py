"""Controls written by hand read the same as those of Django's templates."""

import re
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from config.lib.controls import WRITERS, Controls
from config.lib.templatetags.gedang import field, listed

CHOICES = [("", "—"), ("a&b", "甲 <乙>"), ("组", [("1", "一"), (2, gettext_lazy("走访"))])]
FLAT = [("", "—"), ("a&b", "甲 <乙>"), (3, gettext_lazy("走访"))]
ODD = "x\" onclick='a' <b>&amp;"
ATTRS = {"class": "form-control", "data-x": ODD, "required": True, "disabled": False, "maxlength": 9, "id": "id_n"}
INPUTS = [
    forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.HiddenInput, forms.DateInput,
    forms.DateTimeInput, forms.TimeInput, forms.Textarea,
]  # fmt: skip


def _same(widget: forms.Widget, value: Any, attrs: dict[str, Any]) -> None:
    by_hand, by_template = (
        re.sub(r">\s+<", "><", str(widget.render(ODD, value, attrs, renderer=one())))
        for one in (Controls, TemplatesSetting)
    )
    assert by_hand == by_template


@pytest.mark.parametrize("widget", INPUTS)
@pytest.mark.parametrize("value", [None, "", 0, "12.50", ODD, mark_safe("<i>safe</i>"), gettext_lazy("走访")])
def test_inputs(widget: type[forms.Widget], value: Any) -> None:
    _same(widget(), value, ATTRS)
    _same(widget(), value, {})


@pytest.mark.parametrize("value", [None, True, False, "on"])
def test_checkbox(value: Any) -> None:
    _same(forms.CheckboxInput(), value, ATTRS)


def test_a_password_is_not_given_back() -> None:
    _same(forms.PasswordInput(), "secret", ATTRS)
    assert "secret" not in forms.PasswordInput().render("name", "secret", {}, renderer=Controls())


@pytest.mark.parametrize("value", [None, "", "a&b", "1", 2, ["1", "a&b"]])
@pytest.mark.parametrize("widget", [forms.Select, forms.SelectMultiple])
def test_select(widget: type[forms.Select], value: Any) -> None:
    _same(widget(choices=CHOICES), value, ATTRS)


@pytest.mark.parametrize("widget", [forms.RadioSelect, forms.CheckboxSelectMultiple])
def test_single_choices(widget: type[forms.RadioSelect]) -> None:
    class Form(forms.Form):
        one = forms.MultipleChoiceField(choices=FLAT, widget=widget(attrs={"class": "c", "data-x": ODD}))

    by_hand, by_template = (
        [choice.tag() for choice in Form(initial={"one": ["a&b"]}, renderer=renderer())["one"]]
        for renderer in (Controls, TemplatesSetting)
    )
    assert by_hand == by_template
    assert len(by_hand) == len(FLAT)


def test_every_control_written_by_hand_has_a_template() -> None:
    for name in WRITERS:
        assert TemplatesSetting().get_template(name)


class Asked(forms.Form):
    text = forms.CharField(label="户号 <&>", required=False)
    pick = forms.ChoiceField(label="出行", choices=[("a", "甲 <乙>"), ("b", "丙")], widget=forms.RadioSelect)
    yes = forms.BooleanField(label="外出", required=False)


def _framed(name: str, data: Any = None, **options: Any) -> str:
    return str(field(Asked(data, auto_id="id_%s")[name], **options))


def test_a_field_stands_in_its_frame_with_label_unit_last_value_and_help() -> None:
    html = _framed("text", unit="元", last="1 <2>", note=ODD, data_sum="x")
    assert html == (
        '<div class="field" data-field="text"><label class="form-label" for="id_text">户号 &lt;&amp;&gt; '
        '<span class="optional">选填</span></label><div class="field-row"><div class="field-control has-unit">'
        '<input type="text" name="text" data-sum="x" class="form-control" aria-describedby="id_text_help id_text_last" id="id_text">'
        '<span class="field-unit" aria-hidden="true">元</span></div>'
        '<div class="field-last" id="id_text_last"><span>上次</span>1 &lt;2&gt;</div></div>'
        f'<p class="field-help" id="id_text_help">{escape(ODD)}</p></div>'
    )


def test_choices_are_a_fieldset_and_a_box_stands_before_its_words() -> None:
    html = _framed("pick", wide=True)
    assert html.startswith(
        '<div class="field field-wide" data-field="pick"><fieldset><legend class="form-label fs-6">出行</legend>'
    )
    assert html.count('<label class="choice"><input type="radio" name="pick"') == 2
    assert "<span>甲 &lt;乙&gt;</span></label>" in html
    box = _framed("yes")
    assert (
        '<label class="form-check-line"><input type="checkbox" name="yes" class="form-check-input" id="id_yes"><span>外出</span></label>'
        in box
    )


def test_what_is_wrong_stands_below_and_is_announced() -> None:
    html = _framed("pick", data={"pick": "<x>"})
    assert '<ul class="field-errors" id="id_pick_errors"><li><svg' in html
    assert "&lt;x&gt;" in html
    assert "<x>" not in html


@pytest.mark.parametrize(("language", "written"), [("zh-hans", "甲、&lt;乙&gt;"), ("en", "甲, &lt;乙&gt;")])
def test_names_stand_with_the_comma_of_the_language(language: str, written: str) -> None:
    with translation.override(language):
        assert listed(["甲", "<乙>"]) == written
        assert listed(None) == ""
