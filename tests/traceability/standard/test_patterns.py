"""EPC patterns as conditions on canonical identifiers."""

import pytest

from traceability.standard.identifiers import canonical
from traceability.standard.patterns import pattern_of


@pytest.mark.parametrize(
    ("pattern", "like", "matching", "others"),
    [
        ("sgtin:4012345.098765.*", "01/04012345987652/21/_%",
         ["urn:epc:id:sgtin:4012345.098765.1", "https://example.cn/01/4012345987652/21/a%2Fb"],
         ["urn:epc:id:sgtin:4012345.098766.1", "urn:epc:class:lgtin:4012345.098765.1", "urn:epc:idpat:sgtin:4012345.098765.*"]),
        ("sgtin:4012345.*.*", "01/_4012345______/21/_%",
         ["urn:epc:id:sgtin:4012345.098765.1", "urn:epc:id:sgtin:4012345.798765.1"],
         ["urn:epc:id:sgtin:4012346.098765.1"]),
        ("sgtin:*.*.*", "01/______________/21/_%", ["urn:epc:id:sgtin:4012345.098765.1"],
         ["urn:epc:id:sscc:0614141.1234567890"]),
        ("sscc:0614141.*", "00/_0614141__________", ["urn:epc:id:sscc:0614141.1234567890"],
         ["urn:epc:id:sscc:0614142.1234567890"]),
        ("sgln:0614141.00777.*", "414/0614141007776%",
         ["urn:epc:id:sgln:0614141.00777.0", "urn:epc:id:sgln:0614141.00777.a_b"], ["urn:epc:id:sgln:0614141.00778.0"]),
        ("sgln:0614141.*.*", "414/0614141______%", ["urn:epc:id:sgln:0614141.00777.7"], ["urn:epc:id:pgln:0614141.00777"]),
        ("pgln:0614141.*", "417/0614141______", ["urn:epc:id:pgln:0614141.00777"], ["urn:epc:id:sgln:0614141.00777.0"]),
        ("grai:4012345.55555.*", "8003/04012345555554_%", ["urn:epc:id:grai:4012345.55555.987"],
         ["urn:epc:idpat:grai:4012345.55555.*"]),
        ("giai:4012345.*", "8004/4012345_%", ["urn:epc:id:giai:4012345.A.B"], ["urn:epc:id:giai:4012346.A"]),
        ("giai:*.*", "8004/_%", ["urn:epc:id:giai:4012345.A.B"], ["urn:epc:id:gsrn:0614141.0000010253"]),
        ("cpi:0614141.5PQ7%2FZ43.*", "8010/06141415PQ7\\%2FZ43/8011/_%", ["urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345"],
         ["urn:epc:id:cpi:0614141.5PQ7%2FZ44.12345"]),
        ("cpi:0614141.*.*", "8010/0614141_%/8011/_%", ["urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345"],
         ["urn:epc:idpat:cpi:0614141.123456.*"]),
        ("itip:4012345.012345.01.02.*", "8006/040123451234560102/21/_%", ["urn:epc:id:itip:4012345.012345.01.02.987"],
         ["urn:epc:id:itip:4012345.012345.02.02.987"]),
        ("itip:4012345.012345.*.*.*", "8006/04012345123456____/21/_%", ["urn:epc:id:itip:4012345.012345.01.02.987"],
         ["urn:epc:id:itip:4012345.012346.01.02.987"]),
        ("lgtin:4012345.012345.*", "01/04012345123456/10/_%", ["urn:epc:class:lgtin:4012345.012345.998877"],
         ["urn:epc:id:sgtin:4012345.012345.998877"]),
        ("sgtin:4012345.098765.7", "01/04012345987652/21/7", ["urn:epc:id:sgtin:4012345.098765.7"],
         ["urn:epc:id:sgtin:4012345.098765.77"]),
    ],
)  # fmt: skip
def test_a_pattern_matches_what_it_names_and_nothing_else(pattern, like, matching, others):
    made = pattern_of("urn:epc:idpat:" + pattern)

    assert made is not None
    assert made.like == "https://id.gs1.org/" + like
    assert [each for each in matching if not made.matches(canonical(each))] == []
    assert [each for each in others if made.matches(canonical(each))] == []
    assert all(canonical(each).startswith(made.prefix) for each in matching)


@pytest.mark.parametrize(
    ("pattern", "like", "matching", "others"),
    [
        ("sgtin:4012345.098765.*", "01/04012345987652", ["urn:epc:idpat:sgtin:4012345.098765.*", "https://a.cn/01/4012345987652"],
         ["urn:epc:id:sgtin:4012345.098765.1", "urn:epc:class:lgtin:4012345.098765.1", "urn:epc:idpat:sgtin:4012345.098766.*"]),
        ("sgtin:4012345.*.*", "01/_4012345______", ["urn:epc:idpat:sgtin:4012345.098765.*", "urn:epc:idpat:sgtin:4012345.798765.*"],
         ["urn:epc:idpat:sgtin:4012346.098765.*", "urn:epc:id:sgtin:4012345.098765.1", "urn:epc:class:lgtin:4012345.098765.1"]),
        ("grai:4012345.*.*", "8003/04012345______", ["urn:epc:idpat:grai:4012345.55555.*"], ["urn:epc:id:grai:4012345.55555.987"]),
        ("itip:4012345.012345.*.*.*", "8006/04012345123456____", ["urn:epc:idpat:itip:4012345.012345.01.02.*"],
         ["urn:epc:id:itip:4012345.012345.01.02.987"]),
        ("cpi:0614141.*.*", "8010/0614141_%", ["urn:epc:idpat:cpi:0614141.123456.*"], ["urn:epc:id:cpi:0614141.123456.1"]),
        ("lgtin:4012345.012345.*", "01/04012345123456/10/_%", ["urn:epc:class:lgtin:4012345.012345.998877"],
         ["urn:epc:idpat:sgtin:4012345.012345.*"]),
    ],
)  # fmt: skip
def test_a_pattern_of_classes_matches_classes(pattern, like, matching, others):
    made = pattern_of("urn:epc:idpat:" + pattern, of_classes=True)

    assert made is not None
    assert made.like == "https://id.gs1.org/" + like
    assert [each for each in matching if not made.matches(canonical(each))] == []
    assert [each for each in others if made.matches(canonical(each))] == []


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:4012345.098765.*", "urn:epc:idpat:sgtin:4012345.*.7", "urn:epc:idpat:sgtin:4012345.*",
        "urn:epc:idpat:sgtin:4012345.09876*.*", "urn:epc:idpat:sgtin:401.0987650000.*", "urn:epc:idpat:sgtin:*",
        "urn:epc:idpat:sgtin:4012345.*.*.*", "urn:epc:idpat:gid:1.2.*", "urn:epc:idpat:sgtin:4012345.x98765.*",
        "urn:epc:idpat:sgtin:4012345.098765.", "https://id.gs1.org/01/04012345987652", "",
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_none(text):
    assert pattern_of(text) is None
