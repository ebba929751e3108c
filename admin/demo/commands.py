"""``duikou load demo``."""

from __future__ import annotations

import gc
import sys
from datetime import date

import click
from flask import current_app
from flask.cli import with_appcontext
from tqdm import tqdm

from admin.demo import loader
from shop.commands import load


@load.command("demo")
@with_appcontext
def load_demo() -> None:
    """Tell the demo story, 2020 to today; a loader that was stopped goes on where it stood."""
    if current_app.config["PRODUCTION"]:
        raise click.ClickException("Demo data is refused when PRODUCTION=1.")
    is_terminal = sys.stderr.isatty()
    bar = tqdm(total=1, unit="steps", disable=not is_terminal, mininterval=0.5)
    shown = [0]

    def progress(done: int, known: int, day: date) -> None:
        bar.total = known
        bar.update(done - bar.n)
        bar.set_postfix_str(day.isoformat(), refresh=False)
        if not is_terminal and done * 20 // max(known, 1) != shown[0]:
            shown[0] = done * 20 // max(known, 1)
            click.echo(f"demo data: {day:%Y-%m}, {shown[0] * 5} %")

    gc.set_threshold(100_000, 20, 20)  # rows come and go by the thousand; cycles are few
    done = loader.tell_story(lambda what: click.echo(f"demo data: {what}"), progress)
    bar.close()
    click.echo(f"demo data: the story is told, {done} steps")
