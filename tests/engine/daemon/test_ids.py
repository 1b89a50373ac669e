"""Ids and names: their form, and that a seed decides them."""

import random
import re

from engine.daemon.ids import ADJECTIVES, SURNAMES, Ids


def test_ids_have_64_hexadecimal_digits_and_are_not_numbers() -> None:
    ids = Ids(random.Random(1))
    made = [ids.new() for _ in range(2000)]
    assert all(re.fullmatch("[0-9a-f]{64}", id) and not id[:12].isdecimal() for id in made)
    assert len(set(made)) == len(made)


def test_the_same_seed_gives_the_same_ids_and_names() -> None:
    first, second = Ids(random.Random(7)), Ids(random.Random(7))
    assert [first.new(), first.name(())] == [second.new(), second.name(())]


def test_names_are_adjective_surname_and_free() -> None:
    ids, taken = Ids(random.Random(3)), set[str]()
    for _ in range(3000):
        name = ids.name(taken)
        assert re.fullmatch(r"[a-z]{3,}_[a-z]{3,}\d?|[0-9a-f]{12}", name) and name not in taken
        taken.add(name)


def test_there_are_words_enough() -> None:
    assert len(set(ADJECTIVES)) >= 100 and len(set(SURNAMES)) >= 200
