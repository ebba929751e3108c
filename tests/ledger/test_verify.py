"""Verify finds what was tampered with, names it, and repairs caches only."""

from __future__ import annotations

import random
from datetime import date

import pytest
from sqlalchemy import text

from orders.ledger import checks, verify
from orders.ledger.reporting import seal_everything
from shop.db import db, transaction
from tests.ledger.filers import confirmed, officials
from tests.ledger.story import tell
from tests.ledger.world import JINGYUAN, make_world, post


@pytest.fixture(autouse=True)
def world(app, session):
    make_world()
    db.session.commit()


def differences() -> dict[str, tuple[str, ...]]:
    return {name: result.named for name, result in verify.run() if result.differing}


def run(app, *arguments: str):
    return app.test_cli_runner().invoke(args=["verify", *arguments])


def _change(statement: str) -> None:
    db.session.execute(text(statement))
    db.session.commit()


def test_a_ledger_with_filings_corrections_and_late_seals_agrees(app):
    confirmed(*officials())
    with transaction():
        tell(random.Random(3), lines=20, postings=80, seals=3)  # noqa: S311  repeatable
    done = run(app)
    assert (done.exit_code, differences()) == (0, {}), done.output
    assert "all agrees" in done.output
    assert "rollup county.year" in done.output


@pytest.mark.parametrize(
    ("statement", "check", "sentence"),
    [
        (
            "UPDATE ledger_rollups SET amount_fen = amount_fen + 1 WHERE grain = 'county.day'",
            "rollup county.day",
            f"counted 2026-07-01 {JINGYUAN}: 101 instead of 100",
        ),
        (
            "DELETE FROM ledger_rollups WHERE grain = 'county.year'",
            "rollup county.year",
            f"counted 2026-01-01 {JINGYUAN}: no cell instead of 100",
        ),
        (
            "UPDATE ledger_balances SET debit_fen = 1 WHERE debit_fen = 100",
            "account balances",
            "buyer/org:21 counted: 1/0 instead of 100/0",
        ),
    ],
)
def test_a_changed_cache_is_named_and_repaired(app, statement, check, sentence):
    with transaction():
        post(100)
    seal_everything()
    _change(statement)
    done = run(app)
    assert done.exit_code == 1
    assert {name: [s.strip() for s in named] for name, named in differences().items()} == {check: [sentence]}
    assert run(app, "--repair").exit_code == 0
    assert differences() == {}


def test_a_cell_that_nothing_stands_behind_is_removed(app):
    _change("INSERT INTO ledger_rollups VALUES ('county.day', 'paid', '2026-01-01', '620421', '', '', 5)")
    assert list(differences()) == ["rollup county.day"]
    with transaction():
        assert checks.repair() == 1
    assert differences() == {}


def test_a_posting_against_the_wrong_county_and_a_lost_seal_are_found_and_never_repaired(app):
    with transaction():
        post(100, on=date(2026, 7, 1))
    seal_everything()
    _change("ALTER TABLE postings DISABLE TRIGGER USER")
    _change("INSERT INTO ledger_accounts (book, kind, owner) VALUES ('stats', 'county', 'county:621102')")
    _change("UPDATE postings SET credit_id = (SELECT max(id) FROM ledger_accounts)")
    assert list(differences()) == ["leaf hashes", "account balances", "postings = dimensions"]
    assert run(app, "--repair").exit_code == 1
    assert list(differences()) == ["leaf hashes", "postings = dimensions"]


def test_one_order_is_looked_at_alone_and_an_unknown_one_refused(app):
    assert run(app, "--order", "DK20260101-AAAAAA").exit_code == 2
