"""The migrations make what the models say, and can be undone."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from shop.app import create_app
from shop.db import Base, db
from shop.runtime.schema import has_invalid_indexes
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


@pytest.mark.committed
def test_an_upgrade_rebuilds_what_a_failure_left_of_an_index(committed_app):
    url = committed_app.config["DATABASE_URL"]
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE TABLE samples (n int)"))
        connection.execute(text("INSERT INTO samples VALUES (1), (1)"))
        for name in ("ix_samples", "ix_samples_ccnew1"):
            with pytest.raises(IntegrityError):
                connection.execute(text(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON samples (n)"))
        assert has_invalid_indexes(url) is True
        connection.execute(text("DELETE FROM samples"))

        upgrade()

        names = "SELECT indexname FROM pg_indexes WHERE tablename = 'samples'"
        assert connection.execute(text(names)).scalars().all() == ["ix_samples"]
    assert has_invalid_indexes(url) is False
