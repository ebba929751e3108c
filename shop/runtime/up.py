"""``duikou up``: everything a platform needs on one machine, from nothing to the first page."""

import hashlib
import os
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import click

from shop.config import BadSetting, Settings
from shop.parts import DEFAULT_QUEUE, FEATURES, KERNEL, OUTGOING_QUEUE
from shop.runtime import folder
from shop.runtime.children import Child
from shop.runtime.console import Console
from shop.runtime.errors import StartError, one_line_errors
from shop.runtime.options import CHECKOUT, Options
from shop.runtime.preflight import require_alone, require_free_port
from shop.runtime.schema import SchemaState, has_invalid_indexes, known_names, schema_state
from shop.runtime.services import Services
from shop.runtime.supervisor import Stopped, Supervisor
from shop.runtime.web import web_command

_PYTHON = (sys.executable, "-u", "-m")
_DUIKOU = (*_PYTHON, "shop")

#: Stands between commands that one process runs one after the other.
THEN = ","

#: Jobs carry JSON, so that the worker may run as root like the rest, and says so.
_ROOT_IS_MEANT = "ignore:You're running the worker with superuser privileges"

#: Disk that the demo data, its indexes and the write-ahead log take at first.
_FIRST_START_MB = 1500


class Run:
    """One run of ``duikou up``."""

    def __init__(self, env: Mapping[str, str], console: Console) -> None:
        self._options = Options.read(env)
        self._inherited = {name: value for name, value in env.items() if name != "CLOCK_START"}
        self._console = console
        self._services = Services(self._options)
        self._data = self._options.data

    def serve(self) -> None:
        """Start everything, serve until asked to end, stop everything.

        :raises StartError: in one line, what keeps it from starting.
        """
        started_at_s = time.monotonic()
        folder.prepare(self._data)
        if not (self._data / "postgres").exists() and self._options.database_url is None:
            folder.prepare(self._data, needed_mb=_FIRST_START_MB)
        require_free_port(self._options.host, self._options.port)
        alone = require_alone(self._data / "up.lock")
        supervisor = None
        try:
            self._say("Starting the database and the broker …")
            self._services.join()
            env = {
                **self._inherited,
                "PYTHONUNBUFFERED": "1",
                "BASE_URL": self._base_url(),
                "PROMETHEUS_MULTIPROC_DIR": str(folder.empty_metrics(self._data)),
                **self._services.settings(),
            }
            require_settings(env)
            supervisor = Supervisor(env, self._console, self._tend)
            supervisor.catch_signals()
            self._bring_up_to_date(supervisor, env["DATABASE_URL"])
            self._start_web(supervisor)
            supervisor.wait_for_answer(f"{self._options.address}/healthz")
            self._start_jobs(supervisor)
            self._greet(supervisor, time.monotonic() - started_at_s)
            supervisor.watch()
        except (Stopped, KeyboardInterrupt):
            pass
        finally:
            self._say("Stopping …")
            if supervisor is not None:
                supervisor.stop()
            was_last = self._services.leave()
            os.close(alone)
            self._say("Stopped." if was_last else "Stopped; others still use the database.")

    def _bring_up_to_date(self, supervisor: Supervisor, url: str) -> None:
        state = schema_state(url)
        mark, now = self._data / "reference-loaded", _reference_digest(self._options.database_url or "")
        is_loaded = state is not SchemaState.EMPTY and mark.exists() and mark.read_text() == now
        steps = []
        if state is not SchemaState.CURRENT:
            self._say("Bringing the tables up to date …")
            steps += ["db", "upgrade", THEN]
        elif has_invalid_indexes(url):
            self._say("Rebuilding indexes that a failure left unusable …")
            steps += ["db", "upgrade", THEN]
        if not is_loaded:
            self._say("Loading divisions, counties, pairings and categories …")
            steps += ["load", "reference"]
        if state is SchemaState.EMPTY and self.wants_demo:
            self._demo_mark.touch()
        if steps:
            supervisor.run_once("data", [*_PYTHON, "shop.runtime.prepare", *steps])
            mark.write_text(now)

    def _start_web(self, supervisor: Supervisor) -> None:
        options = self._options
        more = ["--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10"]
        for number in range(1, options.web_workers + 1):
            command = web_command(options.host, options.port, more=more)
            supervisor.start(Child(f"web {number}", command, patience_s=15))

    def _start_jobs(self, supervisor: Supervisor) -> None:
        celery = [sys.executable, "-u", "-W", _ROOT_IS_MEANT, "-m", "celery", "--quiet", "-A", "wsgi.celery"]
        quiet = ["--loglevel", "WARNING"]
        schedule = str(self._data / "beat-schedule")
        worker = [*celery, "worker", *quiet, "--concurrency", str(self._options.job_workers), "--without-mingle"]
        worker += ["--without-gossip", "--queues", DEFAULT_QUEUE]
        supervisor.start(Child("worker", worker, patience_s=20))
        # Waits for strangers' servers, and so works apart: a slow one holds up webhooks only.
        sender = [*celery, "worker", *quiet, "--concurrency", "2", "--without-mingle", "--without-gossip"]
        supervisor.start(Child("sender", [*sender, "--queues", OUTGOING_QUEUE, "-n", "sender@%h"], patience_s=20))
        supervisor.start(Child("beat", [*celery, "beat", *quiet, "--schedule", schedule, "--pidfile="]))

    def _greet(self, supervisor: Supervisor, took_s: float) -> None:
        self._say(f"Duikou answers at {self._options.address} after {took_s:.1f} s. Ctrl-C stops it.")
        accounts = demo_accounts() if self.wants_demo else []
        if not self._demo_mark.exists():
            there = known_names(self._services.settings()["DATABASE_URL"], [name for _role, name, _ in accounts])
            accounts = [account for account in accounts if account[1] in there]
        if accounts:
            self._say("Demo accounts (sign-in name, password, role):")
        for role, name, password in accounts:
            self._say(f"    {name}  {password}  {role}")
        if self._demo_mark.exists():
            self._say("Loading the demo data; the pages can be used meanwhile …")
            load = Child("demo", [*_DUIKOU, "load", "demo"], is_kept=False, niceness=10, on_end=self._note_demo)
            supervisor.start(load)

    def _note_demo(self, code: int | None) -> None:
        if code == 0:
            self._demo_mark.unlink(missing_ok=True)
            self._say("All demo data is there.")
        else:
            self._say("The demo data is not complete; it is continued at the next start.")

    def _tend(self) -> None:
        """Start the database or the broker again if one of them died."""
        if self._services.are_running():
            return
        self._say("The database or the broker has ended; starting it again …")
        try:
            self._services.start()
        except StartError as error:
            self._say(error.message)

    @property
    def wants_demo(self) -> bool:
        """Say whether the demo is wanted: in the embedded database unless refused, in one's own if asked for."""
        usual = "1" if self._options.database_url is None else "0"
        return not self._options.is_production and (self._inherited.get("DUIKOU_DEMO") or usual) != "0"

    @property
    def _demo_mark(self) -> Path:
        return self._data / "demo-unfinished"

    def _base_url(self) -> str:
        return self._inherited.get("BASE_URL") or self._options.address

    def _say(self, text: str) -> None:
        self._console.say(text)


def require_settings(env: Mapping[str, str]) -> None:
    """Refuse settings that no process could start with, before any is started.

    :raises StartError: naming the one that is missing or cannot be read.
    """
    try:
        Settings.from_env(env)
    except BadSetting as error:
        raise StartError(str(error)) from error


def demo_accounts() -> list[tuple[str, str, str]]:
    """Return role, sign-in name and password of the accounts that the features list for a demo."""
    features = [import_module(f"{name}.feature") for name in (*KERNEL, *FEATURES)]
    listed = [name for feature in features for name in getattr(feature, "DEMO_ACCOUNTS", ())]
    return [account for name in listed for account in resolve_name(name)]


def _reference_digest(url: str) -> str:
    """Return a digest that changes with the reference data and with one's own database it is loaded into.

    The embedded one stands in the data folder, beside the mark that keeps the digest, at whatever address.
    """
    digest = hashlib.sha256(url.encode())
    packages = {name.partition(".")[0] for name in (*KERNEL, *FEATURES)}
    for path in sorted(found for package in packages for found in (CHECKOUT / package).rglob("*")):
        if path.suffix == ".csv" or path.name in {"reference.py", "roles.py"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


@click.command()
def up() -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    with one_line_errors():
        Run(os.environ, Console()).serve()


def run() -> None:
    """Enter from the shell as ``duikou up``."""
    up(sys.argv[2:], prog_name="duikou up")
