"""Text tables of strangers: rows are counted while they are read."""

import pytest

from shop import texts


def test_rows_are_read_up_to_the_last_that_was_asked_for():
    assert texts.read_rows('a,b\r\n1,"x\ny"\r\n', ",", most=2) == [["a", "b"], ["1", "x\ny"]]
    with pytest.raises(texts.TooManyRows):
        texts.read_rows("a\nb\nc\n", ",", most=2)


def test_a_line_longer_than_any_tables_is_no_table():
    assert texts.read_rows("x" * 20_000, ",", most=1) == [["x" * 20_000]]
    with pytest.raises(texts.NoTable):
        texts.read_rows("x" * 20_001, ",", most=1)


def test_the_first_lines_are_read_without_the_others():
    assert texts.first_lines("a\r\nb\rc\nd", 3) == ["a", "b", "c"]
