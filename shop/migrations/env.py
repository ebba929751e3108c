"""Alembic's environment: runs on the application's engine, and mends what a failure before left of an index."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

from shop.db import db
from shop.migrations.indexes import rebuild_invalid

config = context.config


def run() -> None:
    """Run the migrations in one transaction, giving up on a lock after four seconds."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=db.metadata, compare_type=True, compare_server_default=False
        )
        with context.begin_transaction():
            connection.execute(text("SET LOCAL lock_timeout = '4s'"))
            context.run_migrations()
        connection.commit()
        if context.get_context().opts["fn"].__name__ == "upgrade":
            rebuild_invalid(connection)


run()
