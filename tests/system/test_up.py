"""``duikou up`` as a user runs it: whole processes, signals, kills, a second start."""

import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from shop.runtime import folder
from shop.runtime.options import CHECKOUT

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("up") / "data"
    yield data
    shutil.rmtree(folder.database_home(data))
    shutil.rmtree(data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> "subprocess.Popen[str]":
    environment = {
        "PATH": os.environ["PATH"],
        "DUIKOU_DATA": str(data),
        "DUIKOU_PORT": str(port),
        "DUIKOU_DEMO": "0",
        "DUIKOU_WEB_WORKERS": "1",
        "DUIKOU_JOB_WORKERS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "shop", "up"],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(run: "subprocess.Popen[str]", words: str) -> list[str]:
    lines = []
    assert run.stdout is not None
    for line in run.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError("".join(lines))


@contextmanager
def running(data: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run it up to its first page; whatever the test does, leave nothing running."""
    run = start(data, port)
    try:
        read_until(run, "Duikou answers at")
        yield run
    finally:
        if run.poll() is None:
            run.terminate()
        run.communicate(timeout=480)


def status_of(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return int(answer.status)


def answers(port: int) -> bool:
    try:
        return status_of(port, "/readyz") == 200
    except OSError:
        return False


def database_process(data: Path) -> psutil.Process:
    lines = (folder.database_home(data) / "data" / "postmaster.pid").read_text().splitlines()
    return psutil.Process(int(lines[0]))


@contextmanager
def listening(run: "subprocess.Popen[str]") -> Iterator[None]:
    """Run it to its end, reading what it says: who writes into a pipe that nobody reads stands still."""
    assert run.stdout is not None
    listener = threading.Thread(target=collections.deque, args=(run.stdout, 0))
    listener.start()
    try:
        yield
    finally:
        run.terminate()
        run.wait(240)
        listener.join()


def is_over(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_run_serves_is_alone_on_its_data_and_stops_in_order(data):
    port = free_port()
    with running(data, port) as run:
        children = psutil.Process(run.pid).children(recursive=True)
        database = database_process(data)

        assert status_of(port, "/readyz") == 200
        second = start(data, free_port())
        output, _ = second.communicate(timeout=480)
        assert second.returncode == 1
        assert output == (
            f"Error: Duikou already runs on the data folder {data}; stop it, or choose another by DUIKOU_DATA.\n"
        )

        run.send_signal(signal.SIGTERM)
        output, _ = run.communicate(timeout=480)

    assert run.returncode == 0
    assert output.splitlines()[-1] == "duikou | Stopped."
    assert len(children) >= 3
    assert [child for child in children if not is_over(child)] == []
    assert is_over(database)


def test_a_run_whose_terminal_was_closed_stops_what_it_started(data):
    with running(data, free_port()) as run:
        children = psutil.Process(run.pid).children(recursive=True)
        database = database_process(data)
        assert run.stdout is not None
        run.stdout.close()

        run.send_signal(signal.SIGHUP)
        run.wait(timeout=480)

    assert run.returncode == 0
    assert [child for child in children if not is_over(child)] == []
    assert is_over(database)


def test_a_run_that_was_killed_holds_neither_port_nor_data(data):
    port = free_port()
    with running(data, port) as run:
        children = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait(timeout=480)
    _, alive = psutil.wait_procs(children, timeout=480)
    assert [child for child in alive if not is_over(child)] == []

    with running(data, port):
        assert status_of(port, "/readyz") == 200


def test_a_program_that_was_killed_is_started_again(data):
    port = free_port()
    with running(data, port) as run:
        web = next(child for child in psutil.Process(run.pid).children() if "granian" in child.cmdline())
        worker = web.children()[0]

        worker.kill()
        web.kill()
        read_until(run, "web 1 ended (killed by signal 9); it is started again in 1 s.")
        while not answers(port):
            assert run.poll() is None
