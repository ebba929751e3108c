"""The command ``duikou verify``."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import text

from orders.ledger import checks, verify
from orders.ledger.reporting import seal_everything
from shop.db import db, snapshot, transaction


@click.command("verify")
@click.option("--repair", is_flag=True, help="Write differing rollup cells and balances again; touches nothing else.")
@click.option("--order", "number", metavar="ID", help="Look at one order only: its number or its public id.")
@with_appcontext
def verify_books(*, repair: bool, number: str | None) -> None:
    """Compute everything that is derived again from what it derives from, and name what differs.

    Exit codes: 0 all agrees, 1 something differs, 2 there is no such order.
    """
    seal_everything()
    if repair:
        with transaction():
            click.echo(f"repaired {checks.repair()} cells and balances")
    with snapshot():
        order_id = _order(number) if number else None
        differing = _report(order_id)
    if differing:
        click.echo(f"{differing} differences", err=True)
        sys.exit(1)
    click.echo("all agrees")


def _order(number: str) -> int:
    found = db.session.execute(
        text("SELECT id FROM orders WHERE number = :number OR cast(public_id AS text) = lower(:number)"),
        {"number": number},
    ).scalar()
    if found is None:
        click.echo(f"There is no order {number}.", err=True)
        sys.exit(2)
    return int(found)


def _report(order_id: int | None) -> int:
    """Print the table as the checks run; return the number of differences."""
    width = max(len(name) for name in verify.names()) + 2
    click.echo(f"{'check':<{width}}{'rows':>12}{'differences':>14}")
    total = 0
    for name, result in verify.run(order_id):
        click.echo(f"{name:<{width}}{result.rows:>12,}{result.differing:>14,}")
        for sentence in result.named:
            click.echo(f"  {name}: {sentence}", err=True)
        if result.differing > len(result.named):
            click.echo(f"  {name}: and {result.differing - len(result.named):,} more", err=True)
        total += result.differing
    return total
