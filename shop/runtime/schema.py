"""How the tables of a database stand to the migrations of this version."""

from enum import Enum
from pathlib import Path

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory

from shop.runtime.errors import StartError

_OLDEST = 180000  # as the server writes 18.0

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


class SchemaState(Enum):
    """What has to be done before the application can start."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"


def schema_state(url: str) -> SchemaState:
    """Compare the database at ``url`` with our migrations.

    :raises StartError: if it cannot be reached, is no PostgreSQL 18, or was migrated by a newer version.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(_revisions(url.replace("postgresql+psycopg://", "postgresql://", 1)))
    if not found:
        return SchemaState.EMPTY
    if not found <= known:
        message = (
            f"The database was made by a newer version of Duikou (it knows {', '.join(sorted(found - known))}); "
            "use that version, or another data folder."
        )
        raise StartError(message)
    return SchemaState.CURRENT if found == set(scripts.get_heads()) else SchemaState.BEHIND


def require_current_tables(url: str) -> None:
    """See that the database at ``url`` has the tables of this version.

    :raises StartError: saying how to bring them up to date.
    """
    if schema_state(url) is not SchemaState.CURRENT:
        message = (
            "The tables are missing or of an older version; `duikou up` or `duikou db upgrade` brings them up to date."
        )
        raise StartError(message)


def _revisions(url: str) -> list[str]:
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            if connection.info.server_version < _OLDEST:
                message = f"The database is PostgreSQL {connection.info.server_version // 10000}; Duikou needs 18."
                raise StartError(message)
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
                return []
            return [str(name) for (name,) in connection.execute("SELECT version_num FROM alembic_version")]
    except psycopg.Error as error:
        message = f"The database cannot be used: {str(error).strip().splitlines()[0]}"
        raise StartError(message) from error
