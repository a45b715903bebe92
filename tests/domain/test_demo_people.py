"""Synthetic families and files keep the rules real ones are held to."""

from datetime import date
from random import Random

from customers.domain.form import read
from customers.domain.identity import check_id, check_phone
from reporting.demo.economics import Adult, document
from reporting.demo.families import Registry, families
from tests.forms import FARM

DAY = date(2026, 11, 21)


def test_files_are_valid_and_already_canonical() -> None:
    random = Random(7)
    for _ in range(300):
        people = [Adult(1, "head", random.randint(25, 85), "M"), Adult(2, "spouse", 44, "F"), Adult(3, "son", 15, "M")]
        made = document(random, people, DAY)

        assert read(FARM, made, today=DAY) == (made, [])


def test_people_have_numbers_of_their_own_and_households_one_head() -> None:
    made = list(families(Registry(Random(7), "370685", DAY), "370685001201", "刘家村", 200))
    members = [member for family in made for member in family.members]

    assert len({member.id_number for member in members}) == len(members)
    assert all(check_id(one.id_number, today=DAY, sex=one.sex).errors == () for one in members)
    assert all(check_phone(one.phone).warnings == () for one in members if one.phone)
    assert all([one.relation for one in family.members].count("户主") == 1 for family in made)


def test_the_same_seed_makes_the_same_people() -> None:
    first, second = (list(families(Registry(Random(3), "370685", DAY), "370685001201", "刘家村", 50)) for _ in range(2))
    assert first == second
