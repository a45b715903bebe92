"""Controls written by hand read the same as those of Django's templates."""

import re
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from config.lib.controls import WRITERS, Controls

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
