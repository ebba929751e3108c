"""How the tables of a database stand to the migrations of this version."""

import ast
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import psycopg

from shop.runtime.errors import StartError

_OLDEST = 180000  # as the server writes 18.0

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


#: Names of the indexes of our schema that a failure left unusable.
INVALID_INDEXES = """
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = to_regnamespace(current_schema())
    ORDER BY c.relname"""


class SchemaState(Enum):
    """What has to be done before the application can start."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"


def schema_state(url: str) -> SchemaState:
    """Compare the database at ``url`` with our migrations.

    :raises StartError: if it cannot be reached, is no PostgreSQL 18, or was migrated by a newer version.
    """
    parents = _migrations()
    found = set(_revisions(url.replace("postgresql+psycopg://", "postgresql://", 1)))
    if not found:
        return SchemaState.EMPTY
    if not found <= set(parents):
        message = (
            f"The database was made by a newer version of Duikou (it knows {', '.join(sorted(found - set(parents)))}); "
            "use that version, or another data folder."
        )
        raise StartError(message)
    newest = set(parents) - {parent for several in parents.values() for parent in several}
    return SchemaState.CURRENT if found == newest else SchemaState.BEHIND


def has_invalid_indexes(url: str) -> bool:
    """Say whether a failure left an index of the database at ``url`` unusable."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as connection:
        return connection.execute(INVALID_INDEXES.encode()).fetchone() is not None


def known_names(url: str, names: Sequence[str]) -> set[str]:
    """Return those sign-in names that somebody has in the database at ``url``, which has our tables."""
    query = """SELECT n FROM unnest(cast(%s AS text[])) n
               WHERE EXISTS (SELECT FROM users WHERE phone IN (n, '+86' || n) OR email = n)"""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as connection:
        return {str(name) for (name,) in connection.execute(query, [list(names)])}


def require_current_tables(url: str) -> None:
    """See that the database at ``url`` has the tables of this version.

    :raises StartError: saying how to bring them up to date.
    """
    if schema_state(url) is not SchemaState.CURRENT:
        message = (
            "The tables are missing or of an older version; `duikou up` or `duikou db upgrade` brings them up to date."
        )
        raise StartError(message)


def _migrations() -> dict[str, tuple[str, ...]]:
    """Return each of our migrations with those it follows.

    Read from the files: Alembic brings all of SQLAlchemy, which the supervisor has no other use for.
    """
    found = {}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        values: dict[str, Any] = {}
        for line in ast.parse(path.read_text()).body:
            if (
                isinstance(line, ast.Assign)
                and isinstance(line.targets[0], ast.Name)
                and "revision" in line.targets[0].id
            ):
                values[line.targets[0].id] = ast.literal_eval(line.value)
        before = values["down_revision"] or ()
        found[str(values["revision"])] = (before,) if isinstance(before, str) else tuple(before)
    return found


#: A table here that is no extension's.
_FOREIGN = """
    SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(current_schema())
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname LIMIT 1"""


def _require_empty(connection: "psycopg.Connection[Any]") -> None:
    found = connection.execute(_FOREIGN.encode()).fetchone()
    if found is not None:
        message = (
            f"The database holds tables of something else (such as {found[0]}); name an empty one in DATABASE_URL, "
            "or one that Duikou made."
        )
        raise StartError(message)


def _revisions(url: str) -> list[str]:
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            if connection.info.server_version < _OLDEST:
                message = f"The database is PostgreSQL {connection.info.server_version // 10000}; Duikou needs 18."
                raise StartError(message)
            if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
                _require_empty(connection)
                return []
            return [str(name) for (name,) in connection.execute("SELECT version_num FROM alembic_version")]
    except psycopg.Error as error:
        message = f"The database cannot be used: {str(error).strip().splitlines()[0]}"
        raise StartError(message) from error
