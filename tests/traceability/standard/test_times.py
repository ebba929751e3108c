"""Times with a zone, to instants."""

from datetime import UTC, datetime

import pytest

from traceability.standard.times import find_instant, instant, milliseconds


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-01T09:00:00+08:00", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01t01:00:00z", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01T01:00:00.1234567-00:00", datetime(2026, 5, 1, 1, 0, 0, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2026-02-28T20:00:00-05:30", datetime(2026, 3, 1, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_names_an_instant(text, at):
    assert instant(text) == at
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T09:00:00", "2026-05-01", "2026-02-30T00:00:00Z", "2026-05-01T24:00:00Z", "0001-01-01T00:00:00+14:00",
        "2026-05-01T09:00:00+24:00", "٢٠٢٦-05-01T09:00:00Z", "2026-05-01T09:00:00Z\n",
    ],
)  # fmt: skip
def test_what_names_none_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        instant(text)
    assert find_instant(text) is None


def test_hashes_round_to_milliseconds_half_to_even():
    assert milliseconds("2026-05-01T09:00:00.0005+08:00") == "2026-05-01T01:00:00.000Z"
    assert milliseconds("2026-05-01T09:00:00.0015+08:00") == "2026-05-01T01:00:00.002Z"
    assert milliseconds("2026-12-31T23:59:59.9996Z") == "2027-01-01T00:00:00.000Z"
