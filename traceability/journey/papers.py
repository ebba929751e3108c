"""The papers of a lot that anybody may see: its commitment certificate, tests, papers of meat and temperatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shop import hotreads


@dataclass(frozen=True, slots=True)
class Test:
    """A laboratory's report that was not taken back; ``items`` are name, what is allowed, result, whether it passed."""

    laboratory: str
    number: str
    tested_on: date
    expires_on: date | None
    has_passed: bool
    items: list[tuple[str, str, str, bool]]


@dataclass(frozen=True, slots=True)
class MeatPaper:
    """A quarantine or meat inspection certificate."""

    kind: str
    number: str
    issuer: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What a logger saw on the way, in degrees Celsius, and the stretches outside the range."""

    started_at: datetime
    ended_at: datetime
    least: str
    most: str
    low: str | None
    high: str | None
    #: side, start, end, the farthest value.
    stretches: list[tuple[str, datetime, datetime, str]]


@dataclass(frozen=True, slots=True)
class Papers:
    """What belongs to a lot or to the batch that it was packed from."""

    #: Number and day of the last certificate.
    commitment: tuple[str, date] | None
    tests: list[Test]
    meat: list[MeatPaper]
    temperatures: list[Temperatures]


_OF = "({0}.lot_id = l.id OR {0}.batch_id = l.batch_id)"
_PAPERS = f"""
    SELECT
        (SELECT json_build_array(k.number, k.issued_on) FROM commitments k WHERE {_OF.format("k")}
         ORDER BY k.lot_id IS NULL, k.id DESC LIMIT 1),
        (SELECT json_agg(json_build_array(r.laboratory, r.number, r.tested_on, r.expires_on, r.has_passed,
            (SELECT json_agg(json_build_array(i.name, i.allowed, i.result, i.has_passed) ORDER BY i.position)
             FROM test_items i WHERE i.report_id = r.id)) ORDER BY r.tested_on DESC, r.id DESC)
         FROM test_reports r WHERE {_OF.format("r")} AND r.withdrawn_at IS NULL),
        (SELECT json_agg(json_build_array(m.kind, m.number, m.issuer, m.issued_on) ORDER BY m.id)
         FROM meat_papers m WHERE {_OF.format("m")} AND m.withdrawn_at IS NULL),
        (SELECT json_agg(json_build_array(t.started_at, t.ended_at, t.least_c::text, t.most_c::text, t.low_c::text, t.high_c::text,
            (SELECT json_agg(json_build_array(x.side, x.started_at, x.ended_at, x.extreme_c::text) ORDER BY x.position)
             FROM temperature_stretches x WHERE x.record_id = t.id)) ORDER BY t.started_at, t.id)
         FROM temperature_records t WHERE {_OF.format("t")} AND t.withdrawn_at IS NULL)
    FROM lots l WHERE l.id = %(lot)s"""


def papers_of(lot_key: int) -> Papers:
    """Return the papers of a lot, in one statement."""
    commitment, tests, meat, temperatures = hotreads.fetch(_PAPERS, {"lot": lot_key})[0]
    return Papers(
        (commitment[0], date.fromisoformat(commitment[1])) if commitment else None,
        [_test(*row) for row in tests or ()],
        [MeatPaper(kind, number, issuer, date.fromisoformat(on)) for kind, number, issuer, on in meat or ()],
        [_temperatures(*row) for row in temperatures or ()],
    )


_HAS = f"""
    SELECT EXISTS (SELECT FROM commitments k WHERE {_OF.format("k")})
        OR EXISTS (SELECT FROM test_reports r WHERE {_OF.format("r")} AND r.withdrawn_at IS NULL)
        OR EXISTS (SELECT FROM meat_papers m WHERE {_OF.format("m")} AND m.withdrawn_at IS NULL)
    FROM lots l WHERE l.public_id = %(lot)s"""


def has_papers(lot_id: UUID) -> bool:
    """Say whether a lot has a certificate, a test or papers of meat that anybody may see."""
    return bool(hotreads.fetch(_HAS, {"lot": lot_id})[0][0])


def _test(laboratory: str, number: str, tested: str, expires: str | None, *rest: Any) -> Test:
    has_passed, items = rest
    until = date.fromisoformat(expires) if expires else None
    return Test(
        laboratory, number, date.fromisoformat(tested), until, has_passed, [tuple(each) for each in items or ()]
    )


def _temperatures(
    start: str, end: str, least: str, most: str, low: str | None, high: str | None, stretches: Any
) -> Temperatures:
    outside = [(side, _time(since), _time(until), far) for side, since, until, far in stretches or ()]
    return Temperatures(_time(start), _time(end), least, most, low, high, outside)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
