"""Identifiers in two forms: the GS1 tag data standard's own examples and what breaks naive readers."""

import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.standard.identifiers import canonical, kind, to_urn, urn_of, vocabulary
from traceability.standard.keys import check_digit, has_valid_check_digit
from traceability.standard.words import FULL, FULL_OF_ANY

PAIRS = [
    ("urn:epc:id:sgtin:4012345.011111.9876", "01/04012345111118/21/9876", "instance"),
    ("urn:epc:id:sgtin:0614141.112345.32a%2Fb", "01/10614141123459/21/32a%2Fb", "instance"),
    ("urn:epc:id:sscc:0614141.1234567890", "00/106141412345678908", "instance"),
    ("urn:epc:id:sgln:0614141.00777.0", "414/0614141007776", "place"),
    ("urn:epc:id:sgln:0012345.11111.400", "414/0012345111112/254/400", "place"),
    ("urn:epc:id:grai:4012345.55555.987", "8003/04012345555554987", "instance"),
    ("urn:epc:id:grai:401234512345..987", "8003/04012345123456987", "instance"),
    ("urn:epc:id:giai:4000001.12345", "8004/400000112345", "instance"),
    ("urn:epc:id:giai:4012345.A.B%2F7", "8004/4012345A.B%2F7", "instance"),
    ("urn:epc:id:gsrn:0614141.0000010253", "8018/061414100000102534", "party"),
    ("urn:epc:id:gsrnp:0614141.0000010253", "8017/061414100000102534", "party"),
    ("urn:epc:id:gdti:0614141.00001.1618034", "253/06141410000121618034", "document"),
    ("urn:epc:id:sgcn:4012345.67890.04711", "255/401234567890104711", "instance"),
    ("urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345", "8010/06141415PQ7%2FZ43/8011/12345", "instance"),
    ("urn:epc:id:ginc:0614141.xyz3311cba", "401/0614141xyz3311cba", "document"),
    ("urn:epc:id:gsin:0614141.123456789", "402/06141411234567890", "document"),
    ("urn:epc:id:itip:4012345.012345.01.02.987", "8006/040123451234560102/21/987", "instance"),
    ("urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7'SDB",
     "01/01234567894560/235/51qIgY%29%3C%26Jp3%2Aj7'SDB", "instance"),
    ("urn:epc:id:pgln:1234567.89012", "417/1234567890128", "party"),
    ("urn:epc:class:lgtin:4012345.012345.998877", "01/04012345123456/10/998877", "lot"),
    ("urn:epc:idpat:sgtin:4012345.098765.*", "01/04012345987652", "class"),
    ("urn:epc:idpat:grai:4012345.55555.*", "8003/04012345555554", "class"),
    ("urn:epc:idpat:gdti:0614141.00001.*", "253/0614141000012", "document"),
    ("urn:epc:idpat:sgcn:4012345.67890.*", "255/4012345678901", "class"),
    ("urn:epc:idpat:cpi:0614141.123456.*", "8010/0614141123456", "class"),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "8006/040123451234560102", "class"),
]  # fmt: skip


@pytest.mark.parametrize(("urn", "link", "names"), PAIRS)
def test_a_urn_and_its_digital_link_are_the_same(urn, link, names):
    link = "https://id.gs1.org/" + link

    assert (canonical(urn), canonical(link)) == (link, link)
    assert (kind(urn), kind(link)) == (names, names)
    assert urn_of(link, urn) == urn
    assert to_urn(link, urn) == urn


@pytest.mark.parametrize(("urn", "link", "_names"), PAIRS)
def test_the_prefix_of_a_sibling_is_enough_to_write_the_urn(urn, link, _names):
    digits = urn.split(":")[4].partition(".")[0]

    assert urn_of("https://id.gs1.org/" + link, f"urn:epc:id:pgln:{digits}.{'0' * (12 - len(digits))}") == urn


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("https://example.cn/gtin/4012345111118/ser/9876", "01/04012345111118/21/9876"),
        ("http://example.cn/trace/here/01/04012345111118/10/L7/21/9876?17=270101&x=y#top", "01/04012345111118/21/9876"),
        ("https://id.gs1.org/01/04012345111118/22/2A/10/L7", "01/04012345111118/10/L7"),
        ("https://id.gs1.org/01/04012345111118/22/2A", "01/04012345111118"),
        ("https://id.gs1.org/01/614141999996/", "01/00614141999996"),
        ("https://id.gs1.org/01/95050003", "01/00000095050003"),
        ("https://id.gs1.org/01/04012345111118/10/a%2fb%C3%A9", "01/04012345111118/10/a%2Fb%C3%A9"),
        ("https://id.gs1.org/414/0614141007776/254/0", "414/0614141007776"),
        ("https://id.gs1.org/party/0614141007776", "417/0614141007776"),
        ("https://01.example.cn/00/106141412345678908", "00/106141412345678908"),
    ],
)
def test_links_on_any_domain_and_of_any_age_have_one_form(written, link):
    assert canonical(written) == "https://id.gs1.org/" + link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "apples",
        "https://example.cn/",
        "https://example.cn/01",
        "https://example.cn/01/12345",
        "https://example.cn/01/04012345111118/21",
        "https://example.cn/01/04012345111118/99/x",
        "https://example.cn/01/04012345111118/21/1/10/2",
        "https://example.cn/01/04012345111118/21/" + "9" * 21,
        "https://example.cn/00/10614141234567890",
        "https://example.cn/01/" + "٠" * 14,
        "ftp://example.cn/01/04012345111118",
        "urn:epc:id:sgtin:4012345.011111",
        "urn:epc:id:sgtin:4012345.01111.9876",
        "urn:epc:id:sgtin:40123.01111111.9876",
        "urn:epc:id:sgtin:4012345.011111.",
        "urn:epc:id:sscc:0614141.12345678901",
        "urn:epc:class:sgtin:4012345.011111.9876",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:id:gid:1.2.3",
        "urn:uuid:1d0d1e5f-9f3b-4b8e-9a43-0d6a2f0f6a01",
        "https://id.gs1.org/8004/" + "1" * 5000,
    ],
)
def test_what_is_no_gs1_key_stays_as_it_is(text):
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("urn:epcglobal:cbv:bt:0614141073467:1152", "document"),
        ("urn:epc:id:gid:1.2.3", "instance"),
        ("urn:epc:id:bic:CSQU3054383", "instance"),
        ("urn:uuid:1d0d1e5f-9f3b-4b8e-9a43-0d6a2f0f6a01", "other"),
        ("https://example.cn/orders/7", "other"),
        ("https://id.gs1.org/8018/061414100000102534/8019/12", "party"),
    ],
)
def test_other_identifiers_are_told_by_their_beginning(uri, names):
    assert kind(uri) == names


def test_a_urn_needs_a_company_prefix_that_somebody_knows():
    known = "https://id.gs1.org/01/04012345111118/21/9876"
    unknown = "https://id.gs1.org/01/02012345111114/21/9876"

    assert urn_of(known) == "urn:epc:id:sgtin:4012345.011111.9876"
    assert urn_of(unknown) is None
    assert to_urn(unknown) == unknown
    assert urn_of(known, "urn:epc:id:sgtin:401234511.0111.9876") == "urn:epc:id:sgtin:401234511.0111.9876"
    assert urn_of("https://example.cn/x") is None


def test_check_digits_are_those_of_an_independent_library():
    for digits in ("0401234511111", "7061414112345", "0000000000000", "9999999999999"):
        assert check_digit(digits) == str(gs1_standard_check_digit(digits))
    assert has_valid_check_digit("04012345111118")
    assert not has_valid_check_digit("04012345111119")
    assert not has_valid_check_digit("")
    assert not has_valid_check_digit("٠٤٠١٢٣")


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("urn:epcglobal:cbv:disp:in_transit", "https://ref.gs1.org/cbv/Disp-in_transit"),
        ("cbv:BTT-po", "https://ref.gs1.org/cbv/BTT-po"),
        ("http://ns.gs1.org/cbv/SDT-location", "https://ref.gs1.org/cbv/SDT-location"),
        ("Temperature", "https://gs1.org/voc/Temperature"),
        ("gs1:Temperature", "https://gs1.org/voc/Temperature"),
        ("https://www.gs1.org/voc/Temperature", "https://gs1.org/voc/Temperature"),
        ("harvesting", "harvesting"),
        ("https://example.cn/steps/harvesting", "https://example.cn/steps/harvesting"),
    ],
)
def test_a_word_has_one_form(written, full):
    assert vocabulary(written) == full


def test_no_word_stands_in_two_lists():
    assert len(FULL_OF_ANY) == sum(len(words) for words in FULL.values()) == 180


@pytest.mark.parametrize(
    "link",
    [
        "https://id.gs1.org/01/04012345111119/21/9876",  # the check digit is wrong
        "https://id.gs1.org/01/04012345111118/21/%E4%B8%AD",
        "https://id.gs1.org/01/04012345111118/21/a%20b",
        "https://id.gs1.org/8018/061414100000102534/8019/12",
    ],
)
def test_no_urn_is_written_that_says_something_else(link):
    assert urn_of(link, "urn:epc:id:sgtin:4012345.011111.1") is None


PIECES = st.sampled_from(
    [
        "urn:epc:id:", "urn:epc:idpat:", "urn:epc:class:", "sgtin:", "sgln:", "giai:", "cpi:", "itip:", "4012345", "011111",
        "*", ".", ":", "/", "%", "%2F", "%ff", "%00", "https://", "id.gs1.org", "/01/04012345111118", "/21/", "/10/", "/254/0",
        "/8004/4012345", "?17=1", "#x", "中", "\ud800", "\0", "\n", " ", "!", "AB", "0",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=9).map("".join))
def test_every_text_has_a_form_that_is_final(text):
    form = canonical(text)

    assert canonical(form) == form
    assert canonical(to_urn(form, text)) == form
    assert kind(form) == kind(text)
