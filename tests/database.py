"""The databases of the tests: one cluster per checkout, one template with tables and reference data, clones of it.

The first test process to come starts the cluster, the last to leave stops it; its data stays, so
that the next run starts in a moment. Durability is off: after a crash it is made anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from shop.runtime.account import server_account, shared_root
from shop.runtime.errors import StartError
from shop.runtime.locks import SharedUse, exclusive
from shop.runtime.postgres import Cluster
from shop.runtime.up import THEN

ROOT = Path(__file__).resolve().parents[1]
MIGRATIONS = ROOT / "shop" / "migrations"
PACKAGES = ("shop", "catalog", "orders", "traceability", "admin")
#: Files from which the reference data is made.
REFERENCE = ("data/*.csv", "reference.py", "roles.py")

#: The cluster listens on nothing but a socket in a folder of mode 0700, and holds no data of worth.
PASSWORD = "test"

#: As in earnest, the application owns its database and has no rights beyond it.
OWNER = "duikou"

#: Quick, and safe against everything but a crash of the machine.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "128MB",
    "max_connections": "300",
    "max_locks_per_transaction": "256",
}


class TestCluster:
    """The running cluster of this checkout, seen by one test process."""

    __test__ = False

    def __init__(self) -> None:
        self.home = _home()
        self._cluster = Cluster(self.home, password=PASSWORD, settings=SETTINGS)
        self._use = SharedUse(self.home.parent)

    @contextmanager
    def running(self) -> Iterator["TestCluster"]:
        """Keep the cluster up while this process needs it."""
        self._use.join(self._start)
        try:
            yield self
        finally:
            self._use.leave(self._cluster.stop)

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """Yield the address of a database of its own, a clone of the template, dropped at the end."""
        template = self.template() if migrated else "template0"
        name = f"test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        self._execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY wal_log")
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self) -> str:
        """Return the name of the database holding the migrations as they are now; make it if needed."""
        name = f"template_{_migrations_hash()}"
        with exclusive(self.home.parent / "template.lock"):
            if not self._names(name):
                draft = f"draft_{os.getpid()}"
                self._execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
                self._execute(f"CREATE DATABASE {draft} OWNER {OWNER} TEMPLATE template0")
                migrate(self._url(draft))
                self._execute(f"ALTER DATABASE {draft} RENAME TO {name}")
        return name

    def _start(self) -> None:
        if self._cluster.running_socket() is not None:
            return
        try:
            self._cluster.start()
        except StartError:
            shutil.rmtree(self.home, ignore_errors=True)
            self._cluster.start()
        self._cluster.provide(OWNER, user=OWNER, password=PASSWORD)
        keep = f"template_{_migrations_hash()}"
        for name in self._names("test%", "draft%", "template%"):
            if name not in {keep, "template0", "template1"}:
                self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return self._cluster.url(name, user=OWNER, password=PASSWORD)

    def _names(self, *patterns: str) -> list[str]:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE ANY(%s)", [list(patterns)])
            return [name for (name,) in rows]

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement))


def migrate(url: str) -> None:
    """Bring the database at ``url`` to the newest migration and load the reference data, in a process of its own."""
    environment = {**os.environ, "DATABASE_URL": url, "BROKER_URL": "memory://", "SECRET_KEY": "test"}
    command = [sys.executable, "-m", "shop.runtime.prepare", "db", "upgrade", THEN, "load", "reference"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        message = f"The template could not be made:\n{done.stderr}"
        raise RuntimeError(message)


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    migrations = [path for path in MIGRATIONS.rglob("*") if path.suffix in {".py", ".sql", ".csv", ".mako"}]
    reference = [path for package in PACKAGES for name in REFERENCE for path in (ROOT / package).rglob(name)]
    for path in sorted(migrations + reference):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _home() -> Path:
    """Return where the cluster lives: in the checkout, or where the server's account can reach it."""
    folder = ROOT / ".test-cluster"
    account = server_account(folder / "postgres")
    if not account.reaches(ROOT):
        folder = shared_root(account) / f"tests-{hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]}"
    folder.mkdir(mode=0o755 if account.is_other else 0o700, exist_ok=True)
    return folder / "postgres"


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    """The cluster, kept up for this test process."""
    with TestCluster().running() as running:
        yield running


@pytest.fixture(scope="session")
def database_url(cluster: TestCluster) -> Iterator[str]:
    """The address of this test process's own migrated database."""
    with cluster.database() as url:
        yield url


@pytest.fixture
def throwaway_url(cluster: TestCluster) -> Iterator[str]:
    """The address of a migrated database for one test that commits."""
    with cluster.database() as url:
        yield url
