"""Database and broker for whoever needs them: taken from the settings, found running, or started."""

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from shop.runtime import folder
from shop.runtime.errors import one_line_errors
from shop.runtime.locks import SharedUse, exclusive
from shop.runtime.options import Options
from shop.runtime.postgres import Cluster
from shop.runtime.valkey import Broker

DATABASE = "duikou"

_MB = 2**20
_PLENTY_MB = 4096


class Services:
    """What one data folder offers, with the settings that tell other processes about it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._use = SharedUse(options.data)
        self._cluster: Cluster | None = None
        self._broker: Broker | None = None
        self._secret_key = options.secret_key
        self._database_password = ""

    def join(self) -> None:
        """Take part in using the services; start those that are ours to run and do not run yet.

        :raises StartError: in one line, why they cannot be had.
        """
        given = self._options
        if given.database_url and given.broker_url and given.secret_key:
            return
        folder.prepare(given.data)
        with exclusive(given.data / "prepare.lock"):
            kept = folder.read_secrets(given.data)
            if not given.database_url:
                self._cluster = Cluster(
                    folder.database_home(given.data), password=kept.superuser_password, settings=server_settings()
                )
            if not given.broker_url:
                self._broker = Broker(given.data / "valkey", password=kept.broker_password)
            if not given.secret_key and not given.is_production:
                self._secret_key = kept.secret_key
        self._database_password = kept.database_password
        self._use.join(self.start)

    def start(self) -> None:
        """Start what should run and does not; used again by the supervisor when something died."""
        if self._cluster is not None:
            self._cluster.start()
            self._cluster.provide(DATABASE, user=DATABASE, password=self._database_password)
        if self._broker is not None:
            self._broker.start()

    def are_running(self) -> bool:
        """Say whether everything that is ours to run is alive."""
        cluster = self._cluster is None or self._cluster.running_socket() is not None
        return cluster and (self._broker is None or self._broker.is_running())

    def leave(self) -> bool:
        """Stop using the services; stop them if nobody else uses them, and say whether that was so."""
        return self._use.leave(self._stop)

    def settings(self) -> dict[str, str]:
        """Return the environment that other processes of this run need beside what they inherit."""
        given = self._options
        found = {
            "DATABASE_URL": given.database_url,
            "BROKER_URL": given.broker_url,
            "SECRET_KEY": self._secret_key,
            "DUIKOU_DATA": str(given.data),
        }
        if given.clock_offset_s:
            found["CLOCK_OFFSET_S"] = repr(given.clock_offset_s)
        if self._cluster is not None:
            found["DATABASE_URL"] = self._cluster.url(DATABASE, user=DATABASE, password=self._database_password)
        if self._broker is not None:
            found["BROKER_URL"] = self._broker.url()
        return {name: value for name, value in found.items() if value is not None}

    def _stop(self) -> None:
        if self._broker is not None:
            self._broker.stop()
        if self._cluster is not None:
            self._cluster.stop()


@contextmanager
def running_services(env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the settings of a database and a broker that run at least until the end of the block.

    :raises StartError: in one line, why they cannot be had.
    """
    services = Services(Options.read(env))
    services.join()
    try:
        yield services.settings()
    finally:
        services.leave()


def ensure_services(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a database and a broker that run as long as this process.

    With ``DATABASE_URL`` and ``BROKER_URL`` in ``env`` nothing is started. Services of the same
    data folder that already run are used and left running.

    :raises StartError: in one line, why they cannot be had.
    """
    services = Services(Options.read(env))
    services.join()
    atexit.register(services.leave)
    return services.settings()


def provide_environment() -> None:
    """Give this process the settings of a database and a broker that run as long as it does.

    :raises StartError: in one line, why they cannot be had.
    """
    with one_line_errors():
        os.environ.update(ensure_services(os.environ))


def server_settings() -> dict[str, str]:
    """Return PostgreSQL's parameters for this machine."""
    memory_mb = _memory_mb()
    buffers_mb = 1024 if memory_mb >= _PLENTY_MB else max(64, memory_mb // 4)
    settings = {
        "shared_buffers": f"{buffers_mb}MB",
        "effective_cache_size": f"{max(buffers_mb, memory_mb // 2)}MB",
        "maintenance_work_mem": f"{max(32, buffers_mb // 8)}MB",
        "max_connections": "200",
        "max_locks_per_transaction": "256",
        "random_page_cost": "1.1",
        "checkpoint_timeout": "15min",
        "max_wal_size": "2GB",
        "wal_compression": "on",
    }
    if _small_shared_folder():
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def _memory_mb() -> int:
    """Return the memory of this machine, or of the container we are in."""
    most = psutil.virtual_memory().total // _MB
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            most = min(most, int(Path(path).read_text()) // _MB)
        except (OSError, ValueError):
            continue
    return most


def _small_shared_folder() -> bool:
    """Say whether ``/dev/shm`` is too small for parallel queries, as it is in many containers."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - measured, not written
    except OSError:
        return True
    return found.f_frsize * found.f_blocks < 256 * _MB
