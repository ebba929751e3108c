"""Faults on command: what can go wrong between the caller and Stripe."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["lost", "error_before", "error_after", "rate_limit", "slow", "hold"]


@dataclass
class Fault:
    """One fault, for the next ``times`` requests whose verb and path match."""

    kind: Kind
    method: str
    path: str
    times: int = 1
    seconds: float = 0.0
    reached: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)

    def fits(self, method: str, path: str) -> bool:
        pattern = re.sub(r"{\w+}", "[^/]+", self.path)
        return self.times > 0 and self.method == method and re.fullmatch(pattern, path) is not None

    def resume(self) -> None:
        """Let the held requests go on."""
        self.resumed.set()


class Faults:
    """The faults that wait for their request. Paths are written like ``/v1/payment_intents/{intent}/confirm``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._waiting.append(fault)
        return fault

    def lose_answer(self, method: str, path: str, times: int = 1) -> Fault:
        """Do what is asked, then close the connection without a word."""
        return self._add(Fault("lost", method, path, times))

    def fail_before(self, method: str, path: str, times: int = 1) -> Fault:
        """Answer 500 without having begun."""
        return self._add(Fault("error_before", method, path, times))

    def fail_after(self, method: str, path: str, times: int = 1) -> Fault:
        """Do what is asked, then answer 500; Stripe keeps that answer under the key."""
        return self._add(Fault("error_after", method, path, times))

    def rate_limit(self, method: str, path: str, times: int = 1) -> Fault:
        return self._add(Fault("rate_limit", method, path, times))

    def slow(self, method: str, path: str, seconds: float, times: int = 1) -> Fault:
        return self._add(Fault("slow", method, path, times, seconds))

    def hold(self, method: str, path: str) -> Fault:
        """Stop the request when its key is claimed and nothing is done: wait for ``reached``, then ``resume()``."""
        return self._add(Fault("hold", method, path))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, used up by one."""
        with self._lock:
            found = next((one for one in self._waiting if one.fits(method, path)), None)
            if found:
                found.times -= 1
            return found

    def clear(self) -> None:
        """Forget all, and let go what is held."""
        with self._lock:
            for one in self._waiting:
                one.times = 0
                one.resume()
            self._waiting.clear()


def wait(fault: Fault) -> None:
    """Be slow, or stand until told to go on."""
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    elif fault.kind == "hold":
        fault.reached.set()
        fault.resumed.wait(30)
