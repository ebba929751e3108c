"""A short demo story told through the services: figures are exact, the books check, and it goes on where it stopped."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from admin.demo import loader, settling, shelf
from shop import clock, reference
from shop.db import db, transaction
from tests.conftest import count

#: After the published case, before the story's first harvest.
_SUMMER = datetime(2020, 8, 1, tzinfo=UTC)


def _tell(until: datetime) -> int:
    samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] in ("620421", "640323")]
    with clock.stopped_at(until):
        return loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=12)


def _counted(channel: str) -> int:
    return int(
        db.session.execute(
            text("""SELECT coalesce(sum(p.amount_fen), 0) FROM postings p JOIN ledger_dimensions d ON d.id = p.dimension_id
                    WHERE p.measure = 'counted' AND d.channel = :channel"""),
            {"channel": channel},
        ).scalar_one()
    )


@pytest.mark.committed
def test_a_story_stopped_half_way_goes_on_and_counts_the_published_case_exactly(committed_app):
    with transaction():
        reference.load_all()

    first = _tell(datetime(2020, 4, 1, tzinfo=UTC))
    half = _counted("filing")
    second = _tell(_SUMMER)
    again = _tell(_SUMMER)

    assert 0 < half < 2_624_000_000
    assert (first > 0, second > 0, again) == (True, True, 0)
    assert _counted("filing") == 2_624_000_000
    assert count("filings") == 33
    assert count("procurements") == 12
    scopes = db.session.execute(text("SELECT kind, count(*) FROM authority_scopes GROUP BY 1 ORDER BY 1")).all()
    assert [tuple(row) for row in scopes] == [("budget", 1), ("division", 3)]
    roles = db.session.scalars(text("SELECT DISTINCT role FROM membership_roles WHERE role LIKE 'agent_%' ORDER BY 1"))
    assert list(roles) == ["agent_admin", "agent_clerk", "agent_finance"]
    assert count("agent_mandates") == 3
    levels = db.session.execute(
        text("SELECT DISTINCT partner_level, mode FROM ledger_dimensions WHERE channel = 'filing'")
    ).all()
    assert levels == [("own", "helped")]
    db.session.remove()
    verified = committed_app.test_cli_runner().invoke(args=["verify"])
    assert verified.exit_code == 0, verified.output


@pytest.mark.committed
def test_some_purchases_are_paid_through_the_supervised_account_and_producers_are_paid_out(committed_app, monkeypatch):
    monkeypatch.setattr(settling, "SINCE", date(2019, 12, 3))
    monkeypatch.setattr(settling, "MONTHS", 8)
    monkeypatch.setattr(settling, "EVERY", 1)
    with transaction():
        reference.load_all()

    _tell(datetime(2021, 6, 1, tzinfo=UTC))

    with transaction():
        states: dict[str, int] = dict(db.session.execute(text("SELECT status, count(*) FROM payouts GROUP BY 1")).all())
        lines: dict[str, int] = dict(
            db.session.execute(
                text(
                    "SELECT rule, count(*) FROM bank_statement_lines WHERE state IN ('matched', 'returned') GROUP BY 1"
                )
            ).all()
        )
        returns = db.session.execute(text("SELECT status FROM payout_returns")).scalars().all()
    assert set(states) == {"paid"}
    assert states["paid"] == lines["payout"]
    assert lines["serial"] > 0
    assert returns == ["recorded"] * lines.get("payout_return", 0)
    assert count("statement_accounts") == 1
    db.session.remove()
    verified = committed_app.test_cli_runner().invoke(args=["verify"])
    assert verified.exit_code == 0, verified.output
