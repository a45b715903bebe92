"""Form controls written straight to HTML, as the templates of Django's widgets would write them.

A visit has some 120 controls of one line each; a template with two includes for each of them took a third of the page's time.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape as escape

Widget = Mapping[str, Any]
FOLDER = "django/forms/widgets/"


class Controls(TemplatesSetting):
    """Writes the frequent controls itself and leaves the others to their templates."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return the HTML of a control, form or list of errors."""
        write = WRITERS.get(template_name)
        widget = context.get("widget")
        if write is None or widget is None or widget.get("wrap_label"):
            return super().render(template_name, context, request)
        return write(widget)


def _attributes(widget: Widget) -> str:
    return "".join(
        f" {escape(name)}" if value is True else f' {escape(name)}="{escape(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _input(widget: Widget) -> str:
    value = widget["value"]
    held = "" if value is None else f' value="{escape(value)}"'
    return f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"{held}{_attributes(widget)}>'


def _textarea(widget: Widget) -> str:
    return (
        f'<textarea name="{escape(widget["name"])}"{_attributes(widget)}>\n{escape(widget["value"] or "")}</textarea>'
    )


def _select(widget: Widget) -> str:
    parts = [f'<select name="{escape(widget["name"])}"{_attributes(widget)}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{escape(group)}">')
        parts += [_option(option) for option in options]
        if group:
            parts.append("</optgroup>")
    return "".join([*parts, "</select>"])


def _option(widget: Widget) -> str:
    return f'<option value="{escape(widget["value"])}"{_attributes(widget)}>{escape(widget["label"])}</option>'


INPUTS = ("text", "number", "email", "url", "password", "hidden", "date", "datetime", "time", "checkbox")
WRITERS: dict[str, Callable[[Widget], str]] = {
    **{f"{FOLDER}{name}.html": _input for name in INPUTS},
    f"{FOLDER}radio_option.html": _input,
    f"{FOLDER}checkbox_option.html": _input,
    f"{FOLDER}textarea.html": _textarea,
    f"{FOLDER}select.html": _select,
}
