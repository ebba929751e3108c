"""Credit codes, phone numbers and addresses."""

import pytest

from shop.identity import codes


@pytest.mark.parametrize(
    "code",
    ["91110108551385082Q", "91350100M000100Y43", "126204227458732362", " 9111 0108-5513 8508 2q"],
)
def test_valid_codes_are_read(code):
    assert codes.is_credit_code(codes.read_credit_code(code))


def test_a_sum_that_31_divides_has_the_check_character_0():
    body = "9162042100000002"
    zero = [f"{body}{c}0" for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if codes.is_credit_code(f"{body}{c}0")]

    assert len(zero) == 1


def test_a_village_organisation_has_a_letter_in_front():
    body = "N2620421MF0123456"
    valid = [c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if codes.is_credit_code(body + c)]

    assert len(valid) == 1


@pytest.mark.parametrize(
    "code",
    [
        "91110108551385082R",
        "91110108551385082",
        "91110108551385082QQ",
        "9111010855138508IQ",
        "",
        "９" * 40,
        "91A10108551385082Q",
    ],
)
def test_other_codes_are_refused(code):
    with pytest.raises(codes.BadCreditCode):
        codes.read_credit_code(code)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086-138-0013-8000", "+8613800138000"),
        ("８６１３８００１３８０００", "+8613800138000"),
        ("+852 9123 4567", "+85291234567"),
        ("12800138000", None),
        ("+8612800138000", None),
        ("1380013800", None),
        ("a@b.cn", None),
    ],
)
def test_phone_numbers(text, number):
    assert codes.read_phone(text) == number


def test_addresses_are_kept_in_lower_case():
    assert codes.read_contact(" Li.Lei@Example.COM ") == (None, "li.lei@example.com")
    with pytest.raises(codes.BadContact):
        codes.read_contact("li lei@example.com")
