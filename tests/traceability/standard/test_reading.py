"""Bytes that are JSON, and bytes that nearly are."""

import pytest

from traceability.standard.faults import Fault
from traceability.standard.reading import read


@pytest.mark.parametrize("data", [b'{"a": [1, 2.5, "x"]}', b'\xef\xbb\xbf{"a": [1, 2.5, "x"]}'])
def test_json_is_read_with_and_without_a_byte_order_mark(data):
    assert read(data) == ({"a": [1, 2.5, "x"]}, None)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "The text is not JSON: Expecting value in line 1, column 1."),
        (b'{"a": 1,}', "The text is not JSON: Expecting property name enclosed in double quotes in line 1, column 9."),
        (b'{"a": "\xff"}', "The text is not UTF-8: byte 7 is wrong."),
        (b'{"a": 1, "a": 2}', 'The text is not JSON that can be kept: "a" stands twice in one object.'),
        (b'{"a": NaN}', "The text is not JSON that can be kept: NaN is no number."),
        (b'{"a": -Infinity}', "The text is not JSON that can be kept: -Infinity is no number."),
        (b"[" * 200_000, "The document is nested too deeply to be read."),
        (b'{"a":' * 200_000, "The document is nested too deeply to be read."),
    ],
)
def test_what_cannot_be_read_is_told(data, detail):
    assert read(data) == (None, Fault("", detail))


def test_a_number_of_too_many_digits_is_told():
    value, fault = read(b'{"a": ' + b"9" * 5000 + b"}")

    assert value is None
    assert fault is not None
    assert fault.detail.startswith("The text is not JSON that can be kept: Exceeds the limit (4300 digits)")
