"""Identity of persons: what is stored opens only in its place, and a destroyed key ends it."""

from uuid import uuid4

import pytest

from config.lib import crypto
from config.lib.models import AuditEvent
from customers.models import Household, Person, Subject
from customers.selectors import identity as reading
from customers.services import identity
from tests.world import World

NUMBER = "370685198001011231"
PHONE = "15400001234"


def _person(world: World, **columns: object) -> Person:
    subject = Subject.objects.create(institution=world.bank, grid=world.liu)
    household = Household.objects.create(institution=world.bank, grid=world.liu, subject=subject, number="0001")
    uuid = uuid4()
    columns = columns or identity.encrypt_identity(uuid, world.bank.pk, NUMBER, PHONE)
    return Person.objects.create(
        institution=world.bank, grid=world.liu, household=household, uuid=uuid, name="刘一", **columns
    )


def test_both_numbers_open_again_and_are_masked(world: World) -> None:
    person = Person.objects.get(pk=_person(world).pk)

    assert reading.decrypt(person, "id_number") == NUMBER
    assert reading.decrypt(person, "phone") == PHONE
    assert reading.masked(person) == reading.Masked("*" * 16 + "31", "*" * 7 + "1234")
    assert bytes(person.id_index) == crypto.blind_index("id", world.bank.pk, NUMBER)
    assert bytes(person.id_tail) == crypto.blind_index("id4", world.bank.pk, "1231")
    assert bytes(person.phone_tail) == crypto.blind_index("phone4", world.bank.pk, "1234")


def test_nothing_filed_is_empty_not_encrypted() -> None:
    columns = identity.encrypt_identity(uuid4(), 1)

    assert columns.pop("data_key")
    assert set(columns.values()) == {None}


def test_a_value_moved_to_another_column_or_row_does_not_open(world: World) -> None:
    person = _person(world)
    person.phone, person.id_number = person.id_number, person.phone
    with pytest.raises(crypto.Unreadable):
        reading.decrypt(person, "phone")

    other = Person(uuid=uuid4(), data_key=person.data_key, id_number=person.id_number)
    with pytest.raises(crypto.Unreadable):
        reading.decrypt(other, "id_number")


def test_without_the_key_nothing_opens(world: World) -> None:
    person = _person(world)
    person.data_key = None

    assert reading.masked(person) == reading.Masked()
    with pytest.raises(reading.ErasedError):
        reading.decrypt(person, "id_number")


def test_a_reveal_is_on_record_without_the_number(world: World) -> None:
    person = _person(world)

    assert identity.reveal(staff=world.chen, post_id=7, person=person, field="phone") == PHONE
    event = AuditEvent.objects.get(verb="reveal")
    assert (event.staff_id, event.about, event.about_id, event.post_id) == (world.chen.pk, "person", str(person.pk), 7)
    assert event.detail == {"field": "phone", "household": person.household_id}


def test_a_correction_keeps_the_key_and_changes_the_indexes(world: World) -> None:
    person = _person(world)
    key = bytes(person.data_key)

    identity.correct(staff=world.chen, post_id=None, person=person, id_number=NUMBER, phone="")

    person.refresh_from_db()
    assert bytes(person.data_key) == key
    assert (reading.decrypt(person, "id_number"), reading.decrypt(person, "phone")) == (NUMBER, "")
    assert person.phone_tail is None
