"""Numbers and reference codes."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from orders.purchase import numbers

KEYS = st.integers(1, 31**6 - 1)


@given(st.sets(KEYS, min_size=2, max_size=2))
def test_two_keys_never_make_one_number_or_reference(keys):
    one, two = keys
    day = date(2026, 7, 15)

    assert numbers.make_number("DK", day, one) != numbers.make_number("DK", day, two)
    assert numbers.make_reference(one) != numbers.make_reference(two)


def test_a_number_looks_as_people_expect():
    assert numbers.make_number("DK", date(2026, 11, 22), 1) == "DK20261122-FJHN46"


@given(KEYS, st.integers(2, 10), st.sampled_from(numbers.ALPHABET))
def test_a_wrong_letter_is_found(key, place, letter):
    code = numbers.make_reference(key)
    wrong = code[:place] + letter + code[place + 1 :]

    assert numbers.find_references(wrong) == ([code] if wrong == code else [])


@given(KEYS, st.integers(2, 9))
def test_two_letters_changed_about_are_found(key, place):
    code = numbers.make_reference(key)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert numbers.find_references(wrong) == ([code] if wrong == code else [])


def test_codes_are_found_in_what_banks_make_of_a_remark():
    one, two = numbers.make_reference(1), numbers.make_reference(2)
    remark = f"货款 {one[:5]} {one[5:].lower()}，{two}/靖远"

    assert numbers.find_references(remark) == [one, two]
    assert numbers.find_references("货款") == []
