"""Keeps the programs of a run alive, shows what they write, and stops them in order."""

import os
import selectors
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import FrameType

from shop.runtime.children import Child
from shop.runtime.console import Console
from shop.runtime.errors import StartError

#: A program that dies so often before the first page has been served will not get better.
_HOPELESS_DEATHS = 3
_TICK_S = 0.2
_ANSWER_WAIT_S = 120.0


class Stopped(Exception):
    """Somebody asked the run to end."""


class Supervisor:
    """Runs ``children`` with ``env`` until a signal asks it to end.

    :param tend: called about once a second, for what is not a child.
    """

    def __init__(self, env: Mapping[str, str], console: Console, tend: Callable[[], None]) -> None:
        self._env = env
        self._console = console
        self._tend = tend
        self._tended_at_s = 0.0
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._is_asked_to_stop = False
        self._has_answered = False

    def catch_signals(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal mean: stop in order.

        Under ``nohup`` a closed terminal goes on meaning nothing.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def run_once(self, name: str, command: Sequence[str]) -> None:
        """Run a step of the start to its end, showing what it writes.

        :raises StartError: if it fails.
        :raises Stopped: if the run is asked to end meanwhile.
        """
        child = Child(name, command, is_kept=False)
        if self._run_to_end(child) != 0:
            message = f"The step failed: {' '.join(command[1:])}; what it said is above."
            raise StartError(message)

    def start(self, child: Child) -> None:
        """Start ``child`` and look after it from now on."""
        self._children.append(child)
        self._launch(child)

    def wait_for_answer(self, url: str) -> None:
        """Return when ``url`` answers.

        :raises StartError: if it does not for long, or its program keeps dying.
        :raises Stopped: if the run is asked to end meanwhile.
        """
        deadline = time.monotonic() + _ANSWER_WAIT_S
        while not _answers(url):
            self._turn()
            if time.monotonic() > deadline or any(child.deaths >= _HOPELESS_DEATHS for child in self._children):
                message = "The application does not start; what it said is above."
                raise StartError(message)
        self._has_answered = True

    def watch(self) -> None:
        """Look after the children until the run is asked to end."""
        try:
            while True:
                self._turn()
        except Stopped:
            return

    def stop(self) -> None:
        """End the children, the last started first, each with its own patience."""
        for child in reversed(self._children):
            child.ask_to_end()
            deadline = time.monotonic() + child.patience_s
            while child.is_alive and time.monotonic() < deadline:
                self._show(_TICK_S)
            child.make_end()
        self._children.clear()

    def _run_to_end(self, child: Child) -> int:
        self._children.append(child)
        self._launch(child)
        process = child.process
        while process is not None and process.poll() is None:
            self._turn()
        self._drain(child)
        if child in self._children:
            self._children.remove(child)
        return process.returncode if process is not None else 1

    def _launch(self, child: Child) -> None:
        child.start({**self._env, "PROCESS_NAME": child.name.partition(" ")[0]})
        if child.process is not None and child.process.stdout is not None:
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _turn(self) -> None:
        """Do what there is to do for a moment."""
        if self._is_asked_to_stop or self._console.has_lost_its_terminal:
            raise Stopped
        self._show(_TICK_S)
        now = time.monotonic()
        for child in list(self._children):
            if child.process is not None and not child.is_alive:
                self._bury(child)
            elif child.due_at_s is not None and now >= child.due_at_s:
                self._launch(child)
        if now - self._tended_at_s > 1:
            self._tended_at_s = now
            self._tend()

    def _bury(self, child: Child) -> None:
        self._drain(child)
        code = child.process.returncode if child.process is not None else None
        if not child.is_kept:
            self._children.remove(child)
            if child.on_end is not None:
                child.on_end(code)
            return
        child.make_end()  # what it has left running
        pause_s = child.note_death()
        self._console.say(f"{child.name} ended ({_meaning(code)}); it is started again in {pause_s:.0f} s.")

    def _show(self, wait_s: float) -> None:
        """Wait for output for at most ``wait_s`` and write it."""
        for key, _ in self._selector.select(wait_s):
            self._read(key.data)

    def _read(self, child: Child) -> bool:
        stream = child.process.stdout if child.process is not None else None
        if stream is None or stream.closed:
            return False
        lines, is_open = child.read()
        for text, is_rewritten in lines:
            if is_rewritten:
                self._console.progress(text, source=child.name)
            else:
                self._console.say(text, source=child.name)
        if not is_open:
            self._selector.unregister(stream)
            stream.close()
        return is_open

    def _drain(self, child: Child) -> None:
        """Write what a dead child has left, without waiting for those who inherited its output."""
        stream = child.process.stdout if child.process is not None else None
        if stream is None or stream.closed:
            return
        os.set_blocking(stream.fileno(), False)
        while self._read(child):
            pass
        if not stream.closed:
            self._selector.unregister(stream)
            stream.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._is_asked_to_stop = True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def _meaning(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by signal {-code}"
    return f"exit code {code}"
