"""The table of environment variables in the README, written from their declarations."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import env

BEGIN, END = "<!-- variables -->", "<!-- /variables -->"
FORMS = {
    str: "text",
    int: "number",
    env.flag: "true or false",
    env.words: "list, comma separated",
    env.path: "path",
    env.optional_path: "path",
    env.keys: "number:base64 pairs",
    env.key: "base64",
    env.level: "level",
    env.mail_server: "address of a mail server",
    env.address: "address",
    env.hour: "hour",
}


def table() -> str:
    """Return the table as Markdown: every declared variable in the order of its declaration."""
    lines = ["| variable | form | default | meaning |", "| --- | --- | --- | --- |"]
    for one in env.VARIABLES.values():
        default = "**required in production**" if one.required_in_production else ""
        if one.default:
            default = f"`{one.default}`{' ' + default if default else ''}"
        lines.append(f"| `{one.name}` | {FORMS[one.parse]} | {default or '—'} | {one.meaning} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """Return a README with the table between its marks; raises ValueError when the marks are not there."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


class Command(BaseCommand):
    """``variables`` prints the table, ``variables --write`` puts it into README.md."""

    help = "Print the table of environment variables, or write it into README.md with --write."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="write it between the marks in README.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(table())
            return
        readme = settings.BASE_DIR / "README.md"
        try:
            readme.write_text(with_table(readme.read_text("utf-8")), "utf-8")
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
