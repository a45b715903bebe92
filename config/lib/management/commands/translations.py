"""Bring the English catalogue in step with the source: add what is new, drop what is gone, compile."""

from argparse import ArgumentParser
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand

from config.lib import messages


class Command(BaseCommand):
    """``translations`` updates the catalogue and lists what lacks English; ``--from FILE`` takes translations from a .po file."""

    help = "Update config/locale/en/LC_MESSAGES/django.po from the source and compile it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="sources", action="append", default=[], help="a .po file with translations to take over"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        po = messages.catalogue()
        known = {entry.msgid: entry for entry in po}
        for source in options["sources"]:
            for entry in polib.pofile(source):
                if entry.msgid and (entry.msgstr or entry.msgstr_plural):
                    known[entry.msgid] = entry
        fresh = messages.catalogue()
        fresh.clear()
        for text, plural in sorted(messages.all_messages(), key=lambda message: message[0]):
            entry = known.get(text)
            if plural is None:
                english = (entry.msgstr or entry.msgstr_plural.get(1, "")) if entry else ""
                fresh.append(polib.POEntry(msgid=text, msgstr=english))
            else:
                forms = {0: "", 1: ""}
                if entry:
                    forms = dict(entry.msgstr_plural) or {0: entry.msgstr, 1: entry.msgstr}
                fresh.append(polib.POEntry(msgid=text, msgid_plural=plural, msgstr_plural=forms))
        for entry in fresh:
            if "%(" in entry.msgid or "%s" in entry.msgid:
                entry.flags.append("python-format")
        path = settings.BASE_DIR / messages.CATALOGUE
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.save(str(path))
        fresh.save_as_mofile(str(path.with_suffix(".mo")))
        missing = messages.untranslated()
        self.stdout.write(f"{len(fresh)} texts, {len(missing)} without English")
        for text in missing:
            self.stdout.write(f"  {text}")
