"""Prefixes of documents and events."""

import pytest

from traceability.standard.contexts import Context


def test_later_declarations_win_and_addresses_declare_nothing():
    header = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.com/a/"}]

    merged = Context.of(
        header, {"ex": "https://example.com/b/", "other": {"@id": "urn:x:"}}, "https://example.com/c", None
    )

    assert merged.expand("ex:field") == "https://example.com/b/field"
    assert merged.expand("other:field") == "urn:x:field"
    assert Context.of(header).expand("ex:field") == "https://example.com/a/field"
    assert Context.of(header).within({"ex": "urn:y:"}).expand("ex:field") == "urn:y:field"


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("cbv:BizStep-shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("cbvmda:lotNumber", "urn:epcglobal:cbv:mda:lotNumber"),
        ("gs1:netContent", "https://gs1.org/voc/netContent"),
        ("https://example.com/x", "https://example.com/x"),
        ("urn:uuid:7", "urn:uuid:7"),
        ("nobody:field", "nobody:field"),
        ("field", None),
        ("", None),
    ],
)
def test_names_are_expanded_as_json_ld_has_it(name, iri):
    assert Context.of().expand(name) == iri


def test_prefixes_may_be_built_on_prefixes_and_a_circle_ends():
    built = Context.of({"base": "https://example.com/", "farm": "base:farm/", "a": "b:", "b": "a:"})

    assert built.expand("farm:plot") == "https://example.com/farm/plot"
    assert built.split("farm:plot") == ("https://example.com/farm/", "plot")
    assert built.expand("a:x") == "a:x"
    assert built.split("nobody:x") is None


def test_prefixes_that_grow_by_each_other_end_when_they_are_long():
    chain = {chr(97 + n): chr(98 + n) + ":" + "y" * 400 for n in range(8)}

    assert Context.of(chain).expand("a:x") == "c:" + "y" * 400 + "y" * 400 + "x"


@pytest.mark.parametrize(
    "odd", [7, "", [], [None, 3, [{"ex": "x"}]], {"ex": 7, "@vocab": "urn:z:"}, {"ex": {"@id": None}}]
)
def test_what_declares_nothing_is_passed_over(odd):
    assert Context.of(odd) == Context.of()
