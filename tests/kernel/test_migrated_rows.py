"""Rows that stood before a rule did: the migration that brings the rule makes them keep it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask_migrate import downgrade, upgrade

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed_app")]

#: As they could be before 0073, 0075 and 0082; whom they belong to is nobody's concern here.
_ROWS = """
INSERT INTO bank_accounts (id, public_id, organisation_id, holder, bank, number, is_default, closed_at) VALUES
    (1, gen_random_uuid(), 1, '合作社', '农业银行', '1', true, now()), (2, gen_random_uuid(), 2, '合作社', '农业银行', '2', true, NULL);
INSERT INTO filings (id, public_id, number, county_code, organisation_id, seller_name, buyer_name, buyer_division_code, mode,
                     sold_from, sold_to, amount_fen, status, recorded_by, recorded_at)
    SELECT id, gen_random_uuid(), 'F' || id, '620421', 1, '甲', '乙', '110000', 'direct', '2026-01-01', '2026-01-02', 1, status, 1, now()
    FROM (VALUES (1, 'confirmed'), (2, 'submitted'), (3, 'draft'), (4, 'refused')) f (id, status);
INSERT INTO filing_keys (kind, key, filing_id) VALUES
    ('contract', 'HT（2026）1', 1), ('contract', 'ht-2026-1', 2), ('bank_serial', 'ａ-1', 2), ('invoice', '044-1', 3),
    ('contract', 'D-1', 3), ('contract', 'R-1', 4);
INSERT INTO temperature_records (id, public_id, producer_id, lot_id, file_id, layout, started_at, ended_at, readings,
                                 least_c, most_c, mean_c, range_from, recorded_at) VALUES
    (1, gen_random_uuid(), 1, 1, 1, '{}', '0001-12-31 BC', '1999-01-01', 1, 4, 4, 4, 'none', now()),
    (2, gen_random_uuid(), 1, 1, 2, '{}', '1999-12-31', '2026-01-01 00:00+00', 1, 4, 4, 4, 'none', now());
INSERT INTO temperature_stretches (record_id, position, side, started_at, ended_at, extreme_c, readings) VALUES
    (1, 1, 'above', '0001-12-31 BC', '1999-01-01', 9, 1);
"""


@pytest.fixture
def former(cluster, throwaway_url):
    """A connection, that no trigger or foreign key holds up, to a database with such rows, brought up to date since."""
    downgrade(revision="0072")
    with psycopg.connect(cluster._cluster.url(urlsplit(throwaway_url).path[1:]), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET timezone = 'UTC'")
        connection.execute(_ROWS)
        upgrade()
        yield connection


def test_rows_that_stood_before_a_rule_keep_it(former):
    def told(query: str) -> list[Any]:
        return list(former.execute(query))

    assert told("SELECT id, is_default FROM bank_accounts ORDER BY id") == [(1, False), (2, True)]
    # What two filings turn out to name alike stays with each as it was written; drafts and refused ones hold nothing.
    assert told("SELECT kind, key, filing_id FROM filing_keys ORDER BY filing_id, kind, key") == [
        ("contract", "HT20261", 1), ("bank_serial", "A1", 2), ("contract", "ht-2026-1", 2)]  # fmt: skip
    assert told("SELECT id, numbers FROM filings ORDER BY id") == [
        (1, [["contract", "HT20261"]]), (2, [["bank_serial", "A1"], ["contract", "ht-2026-1"]]),
        (3, [["contract", "D1"], ["invoice", "044-1"]]), (4, [["contract", "R1"]])]  # fmt: skip
    spans = "SELECT started_at::text, ended_at::text FROM"
    first = "2000-01-01 00:00:00+00"
    assert told(f"{spans} temperature_records ORDER BY id") == [(first, first), (first, "2026-01-01 00:00:00+00")]
    assert told(f"{spans} temperature_stretches") == [(first, first)]
    for change in ("UPDATE temperature_records SET most_c = 5", "UPDATE temperature_stretches SET extreme_c = 5"):
        with pytest.raises(psycopg.DatabaseError, match="append-only"):  # what kept them as they are keeps them again
            former.execute(change)
