"""Public EPCIS documents beside the checkout, and what GS1's schema and the reference generator say of them."""

import json
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "epcis-examples"
needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the public example documents are not here")
#: Of a query, not of a document.
NOT_DOCUMENTS = "/Queries/"


def read(path):
    return json.loads(path.read_text(encoding="utf-8-sig"))


@cache
def paths():
    """Every example document, the invalid ones too."""
    found = [*EXAMPLES.glob("data/**/*.json"), *EXAMPLES.glob("data/**/*.jsonld"), *EXAMPLES.glob("own/*/*.json")]
    return tuple(sorted(path for path in found if NOT_DOCUMENTS not in str(path)))


@cache
def published_schema():
    """GS1's own schema, with its formats looked at: the oracle."""
    schema = read(EXAMPLES / "schema" / "epcis-json-schema-2.0.1.json")
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


@cache
def expected_hashes():
    """Hash IDs, texts before hashing and known slips of the reference generator, by document."""
    return read(EXAMPLES / "expected_hashes.json")["documents"]
