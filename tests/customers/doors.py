"""The same answers sent through each door: one document, laid out as the page, the typing page, a program and a file send it."""

import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import openpyxl
from django.test import Client

from config.lib import clock
from customers.domain.form import Form
from customers.domain.form.reading import answer
from customers.models import Household, Person, Profile
from customers.selectors import profile_files as books
from customers.selectors.forms import Edition
from customers.services import profile_files
from grids.access import posts_of
from grids.services.staff import create_token
from tests.api.conftest import Program
from tests.customers.pages import rows, send
from tests.customers.test_papers import sheet_photo, type_in
from tests.world import World

Said = dict[str, Any]
Door = Callable[[World, Any, Callable[..., Client], Edition, Said], None]


def _met(place: Any) -> Said:
    if not isinstance(place, Household):
        return {"met_role": "principal"}
    return {"person_met": str(place.head_id)}


def _page_fields(place: Any, form: Form, document: Said) -> Said:
    """Return what a browser sends for a document."""
    sent: Said = {"client_uuid": str(uuid4()), "purpose": "census", "outcome": "interviewed", "consent": "spoken"}
    sent |= _met(place) | {"partner": "", "note": "", "next_visit_on": "", "channel": "site"}
    for code, asked in form.answers.items():
        value = answer(document, asked.at)
        if asked.type != "choices" or value:  # a browser sends no box that is not ticked
            sent[code] = "" if value is None else value
    for section in form.lists():
        said = answer(document, section.at) or []
        sent |= rows(section.code, said, len(said) if section.shape == "members" else 0)
    return sent


def _errors(answered: Any) -> list[str]:
    return re.findall(r'<ul class="field-errors".*?</ul>|<p>[^<]*</p>', answered.content.decode(), re.DOTALL)


def by_page(world: World, place: Any, client_of: Callable[..., Client], edition: Edition, document: Said) -> None:
    sent = _page_fields(place, edition.form, document)
    sent |= {"form": edition.key, "device_at": "2026-11-18T08:30:00.000Z"}
    answered = send(client_of(world.chen), place, sent)
    assert answered.status_code == 302, _errors(answered)


def by_typing(world: World, place: Any, client_of: Callable[..., Client], edition: Edition, document: Said) -> None:
    sent = _page_fields(place, edition.form, document)
    sent |= {"lead": str(world.chen.pk), "visit_on": clock.today().isoformat(), "visit_at": "00:05"}
    sent["sheets"] = sheet_photo()
    answered = type_in(client_of(world.chen), place, sent, f"?edition={edition.release_id}")
    assert answered.status_code == 302, _errors(answered)


def by_api(world: World, place: Any, client_of: Callable[..., Client], edition: Edition, document: Said) -> None:
    met = _met(place)
    sent = {
        "client_uuid": str(uuid4()),
        "household_id": place.pk,
        "purpose": "census",
        "outcome": "interviewed",
        "consent": "spoken",
        "form": edition.key,
        "document": document,
        **({"person_met_id": int(met["person_met"])} if "person_met" in met else met),
    }
    post = posts_of(world.chen).get()
    _token, text = create_token(staff=world.chen, post=post, name="核心系统", scope="write", days=30)
    answered = Program(text).post("visits/", json.loads(json.dumps(sent)))
    assert answered.status_code == 201, answered.content.decode()


def filled_book(world: World, place: Any, edition: Edition, document: Said) -> bytes:
    """Return the template of the form with a document in it, choices in Chinese words, members by name."""
    book = openpyxl.load_workbook(io.BytesIO(books.template(edition, "zh-hans")))
    sheets = {sheet.title.split()[-1]: sheet for sheet in book.worksheets}
    form = edition.form
    people = {str(one.pk): one.name for one in Person.objects.filter(household=place.pk)}
    is_household = isinstance(place, Household)
    key = (
        {"key.village": place.grid.division_code, "key.number": place.number}
        if is_household
        else {"key.uscc": place.subject.uscc, "key.grid": place.grid.name, "key.name": place.name}
    )

    def words(asked: Any, value: Any) -> Any:
        if asked.type == "choice":
            return asked.choices[value].words.zh
        if asked.type == "choices":
            return "；".join(asked.choices[one].words.zh for one in value)
        if asked.type == "yes_no":
            return "是" if value else "否"
        return people[value] if asked.type == "member" else value

    def write(sheet: str, lines: list[Mapping[str, Any]]) -> None:
        heads = {cell.value: cell.column for cell in sheets[sheet][1]}
        for at, line in enumerate(lines, start=3):
            for name, value in (key | dict(line)).items():
                if value is not None:
                    sheets[sheet].cell(at, heads[name], value)

    said = {"on": clock.today().isoformat(), "lead": world.chen.number, "purpose": "普查建档", "outcome": "已面谈"}
    said |= {"consent": "已宣读，口头同意"}
    said |= {"person_met": people[str(place.head_id)]} if isinstance(place, Household) else {"met_role": "负责人"}
    answers = {
        code: words(asked, value)
        for code, asked in form.answers.items()
        if (value := answer(document, asked.at)) is not None
    }
    write("answers", [{f"visit.{name}": value for name, value in said.items()} | answers])
    for section in form.lists():
        lines = []
        for row in answer(document, section.at) or ():
            cells = {one.code: words(one, row[one.code]) for one in section.fields if one.code in row}
            lines.append(cells | ({"member.name": people[row["person"]]} if section.shape == "members" else {}))
        write(section.code, lines)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def by_file(world: World, place: Any, client_of: Callable[..., Client], edition: Edition, document: Said) -> None:
    import_book(world, edition, filled_book(world, place, edition, document))


def import_book(world: World, edition: Edition, content: bytes) -> None:
    """Upload a workbook by Chen and write it as confirmed by Gao."""
    file = profile_files.upload(
        staff=world.chen, post_id=None, branch=world.east, edition=edition, content=io.BytesIO(content), name="x.xlsx"
    )
    assert file.problems == [], file.problems
    profile_files.write_now(staff=world.gao, file=file, from_console=False)
    file.refresh_from_db()
    assert (file.written, file.refused) == (1, [])


DOORS: tuple[Door, ...] = (by_page, by_typing, by_api, by_file)


def made_by(place: Any) -> list[Profile]:
    """Return the revisions of a file in order."""
    return list(Profile.objects.filter(subject_id=place.pk).select_related("visit").order_by("number"))
