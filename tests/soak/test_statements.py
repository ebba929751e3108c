"""A statement of 10,000 lines: what matches by rule does, what does not says why, and the same file again changes nothing."""

import pytest

from tests.banking.many_checks import check_import

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("session")]


def test_of_ten_thousand_lines_nine_thousand_three_hundred_match_and_each_other_says_why():
    check_import(seed=1, lines=10_000, matching=9_300)
