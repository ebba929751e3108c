"""The migrations make what the models say, and can be undone."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from shop.app import create_app
from shop.db import Base, db
from tests.conftest import make_settings


@pytest.fixture
def empty_app(cluster, tmp_path):
    with cluster.database(migrated=False) as url:
        app = create_app(make_settings(url, DATA_DIR=tmp_path))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.mark.committed
@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_an_empty_database_is_brought_up_to_the_models_and_back(empty_app):
    upgrade()

    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        triggers = set(
            connection.execute(
                text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'")
            ).scalars()
        )
    assert {
        "postings_append_only",
        "postings_no_truncate",
        "audit_entries_append_only",
        "moves_no_truncate",
    } <= triggers

    downgrade(revision="base")
    with db.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        functions = "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
        assert connection.execute(text(functions)).scalars().all() == []
