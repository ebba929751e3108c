"""The ``duikou`` command."""

from __future__ import annotations

import sys
from functools import cached_property

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from shop.app import create_app
from shop.config import BadSetting, Settings
from shop.runtime.schema import require_current_tables
from shop.runtime.services import provide_environment
from shop.runtime.up import up

#: Settings of an application that is only asked for its commands.
_NOWHERE = Settings(DATABASE_URL="postgresql+psycopg://", BROKER_URL="memory://", SECRET_KEY="-")  # noqa: S106


def _create() -> Flask:
    provide_environment()
    app = create_app()
    if click.get_current_context().find_root().invoked_subcommand != "db":
        require_current_tables(app.config["DATABASE_URL"])
    return app


class _Group(FlaskGroup):
    """Finds commands in an application that touches nothing, so that help and a typing error start no database."""

    @cached_property
    def _names(self) -> Flask:
        return create_app(_NOWHERE)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return our own command, a library's, or one that a feature brings."""
        self._load_plugin_commands()
        return super(FlaskGroup, self).get_command(ctx, name) or self._names.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all of them."""
        self._load_plugin_commands()
        return sorted({*super(FlaskGroup, self).list_commands(ctx), *self._names.cli.list_commands(ctx)})


@click.group(
    cls=_Group,
    create_app=_create,
    add_default_commands=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def main() -> None:
    """Run and look after a Duikou installation."""


main.add_command(up)


def run() -> None:
    """Enter from the shell: a bad setting is one line, not a traceback."""
    try:
        main(prog_name="duikou", obj=ScriptInfo(create_app=_create))
    except BadSetting as error:
        click.echo(f"duikou: {error}", err=True)
        sys.exit(1)
