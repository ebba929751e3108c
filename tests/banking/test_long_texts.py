"""A bank's text file of more rows than one import takes is given up while it is read."""

import pytest

from orders.banking.reading import tables
from orders.banking.reading.entries import StatementTooLong, UnreadableStatement


def test_millions_of_rows_are_given_up():
    with pytest.raises(StatementTooLong) as refused:
        tables.read_rows(b"1,2\n" * 3_000_000)

    assert refused.value.members["max_rows"] == 50_000


def test_an_endless_line_is_no_statement():
    with pytest.raises(UnreadableStatement):
        tables.read_rows(b"a,b\n" + b"1," * 3_000_000)
