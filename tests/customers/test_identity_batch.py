"""Encryption of many people at once is the same as of one: the same values open, under the same indexes."""

from typing import Any
from uuid import UUID

import pytest

from config.lib import crypto
from customers.domain.identity import make_phone
from customers.models import Person
from customers.selectors.identity import decrypt
from customers.services.identity import encrypt_identity
from customers.services.identity_batch import IdentityBatch
from tests.customers.rosters import id_of

NUMBERS = [(id_of(n, 1960 + n), make_phone(n * 977)) for n in range(1, 40)] + [
    ("", make_phone(5)),
    (id_of(7), ""),
    ("", ""),
]


@pytest.fixture(params=[{1: b"k" * 32}, {1: b"a" * 32, 2: b"b" * 100}], ids=["one key", "keys being changed"])
def keys(request: Any, settings: Any) -> dict[int, bytes]:
    settings.INDEX_KEYS = request.param
    return dict(request.param)


def test_a_batch_opens_and_is_found_like_one_by_one(keys: dict[int, bytes]) -> None:
    batch = IdentityBatch(3)
    ids = batch.id_indexers[0].each([number for number, _ in NUMBERS])
    phones = batch.phone_indexers[0].each([phone for _, phone in NUMBERS])

    for (number, phone), sealed, id_index, phone_index in zip(NUMBERS, batch.seal(NUMBERS), ids, phones, strict=True):
        uuid = UUID(bytes=sealed.uuid)
        assert (uuid.version, uuid.variant) == (4, "specified in RFC 4122")
        person = Person(
            uuid=uuid, data_key=sealed.data_key, id_number=sealed.id_number or None, phone=sealed.phone or None
        )
        assert (decrypt(person, "id_number"), decrypt(person, "phone")) == (number, phone)
        one = encrypt_identity(uuid, 3, number, phone)
        assert (id_index or None, phone_index or None) == (one["id_index"], one["phone_index"])
        assert (batch.id_tails[number[-4:]] if number else None) == one["id_tail"]
        assert (batch.phone_tails[phone[-4:]] if phone else None) == one["phone_tail"]


def test_every_living_key_finds_and_the_newest_comes_first(keys: dict[int, bytes]) -> None:
    number = id_of(1)

    found = [indexer.each([number])[0] for indexer in IdentityBatch(3).id_indexers]

    assert found[0] == crypto.blind_index("id", 3, number)
    assert sorted(found) == sorted(crypto.live_indexes("id", 3, number))


def test_no_two_people_share_anything(keys: dict[int, bytes]) -> None:
    people = list(IdentityBatch(3).seal([(id_of(1), make_phone(1))] * 500))

    for column in zip(*people, strict=True):
        assert len(set(column)) == 500


def test_indexes_differ_between_institutions(keys: dict[int, bytes]) -> None:
    assert IdentityBatch(3).id_indexers[0].each([id_of(1)]) != IdentityBatch(4).id_indexers[0].each([id_of(1)])
    assert IdentityBatch(3).phone_tails["1234"] != IdentityBatch(4).phone_tails["1234"]
