"""The ``duikou`` command."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from shop.app import create_app
from shop.config import BadSetting
from shop.runtime.services import provide_environment
from shop.runtime.up import up


def _create() -> Flask:
    provide_environment()
    return create_app()


@click.group(
    cls=FlaskGroup,
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
