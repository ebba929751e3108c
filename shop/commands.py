"""Commands of the kernel: the group ``load``, to which packages attach what they can load."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from shop import reference
from shop.db import transaction


@click.group()
def load() -> None:
    """Load data."""


@load.command("reference")
@with_appcontext
def load_reference() -> None:
    """Load divisions, counties, pairings, categories, roles and rules; running it again changes nothing."""
    with transaction():
        loaded = reference.load_all()
    for what, total, changed in loaded:
        click.echo(f"{what:<24}{total:>7} rows, {changed} written")
