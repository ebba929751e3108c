"""Celery over the broker: tasks run in the application's context, the outbox's relay wakes it."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import uuid4

from celery import Celery, Task, signals
from flask import Flask, has_app_context
from kombu.entity import Queue

from shop.config import Settings
from shop.db import db
from shop.logs import log, request_id
from shop.measuring import count_process, task_seconds, tasks_failed, tasks_sent
from shop.outbox import services as outbox
from shop.parts import DEFAULT_QUEUE, OUTGOING_QUEUE


def init_app(app: Flask, settings: Settings) -> Celery:
    """Make the Celery application and, in web processes, the thread that asks it to drain the outbox."""
    celery = Celery(app.name, task_cls=_task_class(app))
    celery.conf.update(
        broker_url=settings.BROKER_URL,
        task_ignore_result=True,
        # A message is acknowledged when its work is done; what a killed worker held comes back by the sweep.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=4,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600},
        worker_hijack_root_logger=False,
        enable_utc=True,
        timezone="Asia/Shanghai",
        # What a busy worker has not begun when the next is due is not begun any more: it would only pile up.
        beat_schedule={
            task: {"task": task, "schedule": every, "options": {"expires": every}}
            for task, every in app.extensions["schedule"].items()
        },
        task_default_queue=DEFAULT_QUEUE,
        task_queues=[Queue(name) for name in (DEFAULT_QUEUE, OUTGOING_QUEUE)],  # type: ignore[no-untyped-call]
        task_routes={task: {"queue": queue} for task, queue in app.extensions["queues"].items()},
    )
    celery.set_default()
    app.extensions["celery"] = celery
    # A forked worker must not share the connections of its parent.
    signals.worker_process_init.connect(lambda **_: _forget_connections(app), weak=False)
    signals.worker_process_init.connect(lambda **_: count_process(settings.PROCESS_NAME), weak=False)
    signals.after_task_publish.connect(_count_sent)
    outbox.on_commit_wake(None if app.testing else Relay(celery).wake)
    return celery


def _task_class(app: Flask) -> type[Task]:
    class ContextTask(Task):
        """A task inside the application's context, with a request id for its log lines."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            if app.testing and has_app_context():
                return self.run(*args, **kwargs)
            token = request_id.set(self.request.id or uuid4().hex)
            began = time.perf_counter()
            try:
                # Leaving the context removes the session, so no task sees what another has read.
                with app.app_context():
                    return self.run(*args, **kwargs)
            except Exception:
                tasks_failed.labels(self.name).inc()
                raise
            finally:
                task_seconds.labels(self.name).observe(time.perf_counter() - began)
                request_id.reset(token)

    return ContextTask


def _count_sent(sender: str | None = None, **_: object) -> None:
    tasks_sent.labels(sender or "").inc()


def _forget_connections(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose(close=False)


class Relay:
    """Sends one ``outbox.drain`` for a burst of commits, from a thread of its own.

    A broker that is away is logged, not raised: the commit has happened and the sweep will deliver.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._wanted = threading.Event()
        self._stopped = threading.Event()
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

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopped.set()
        self._wanted.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._celery.send_task("outbox.drain", retry=False, expires=60)
            except Exception as error:  # noqa: BLE001  any transport's error: the sweep is the guarantee
                log.warning("broker is away", error=repr(error))
            # One message for all commits of the next moment.
            self._stopped.wait(0.05)
