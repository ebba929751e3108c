"""Celery over the broker: tasks run in the application's context, the outbox's relay wakes it."""

from __future__ import annotations

import threading
from typing import Any

from celery import Celery, Task
from flask import Flask

from shop.config import Settings
from shop.db import db
from shop.logs import log
from shop.outbox import services as outbox


def init_app(app: Flask, settings: Settings) -> Celery:
    """Make the Celery application and, in web processes, the thread that asks it to drain the outbox."""

    class ContextTask(Task):
        """A task inside the application's context."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            if getattr(db, "session", None) is not None and app.testing:
                return self.run(*args, **kwargs)
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery(app.name, task_cls=ContextTask)
    celery.conf.update(
        broker_url=settings.BROKER_URL,
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=8,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600},
        worker_hijack_root_logger=False,
        enable_utc=True,
        beat_schedule={
            task: {"task": task, "schedule": every} for task, every in app.extensions.get("schedule", {}).items()
        },
    )
    celery.set_default()
    app.extensions["celery"] = celery
    outbox.on_commit_wake(None if app.testing else Relay(celery).wake)
    return celery


class Relay:
    """Sends one ``outbox.drain`` for a burst of commits, from a thread of its own.

    A broker that is away is logged, not raised: the commit has happened and the sweep will deliver.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Ask for a drain soon; returns at once."""
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="outbox-relay", daemon=True)
                    self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._celery.send_task("outbox.drain", retry=False, expires=60)
            except Exception as error:  # noqa: BLE001  any transport's error: the sweep is the guarantee
                log.warning("broker is away", error=repr(error))
            pause.wait(0.05)
