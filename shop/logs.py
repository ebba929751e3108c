"""Structured logs with a request id that also reaches the jobs."""

from __future__ import annotations

import logging
import re
import sys
import time
from contextvars import ContextVar
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

#: The id of the request or job at work, in every log line and in every event published.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
log = structlog.get_logger("duikou")


def _add_request_id(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    current = request_id.get()
    if current:
        event["request_id"] = current
    return event


def configure(level: int = logging.INFO) -> None:
    """Send structlog and the standard library's loggers to stderr as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _path() -> str:
    """Return the request's path; of a link that carries a secret only its form."""
    rule = request.url_rule.rule if request.url_rule is not None else ""
    return rule if "<secret>" in rule else request.path


def init_app(app: Flask) -> None:
    """Give each request its id, taken from ``X-Request-Id`` if that is well formed, and log its end."""
    if not app.config["TESTING"]:
        configure()

    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        request_id.set(given if _SAFE.match(given) else uuid4().hex)
        g.began = time.perf_counter()

    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id.get()
        if response.status_code >= 500 or request.method != "GET":  # noqa: PLR2004  reads are counted, not logged
            took = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
            log.info("request", method=request.method, path=_path(), status=response.status_code, took_ms=took)
        return response

    app.before_request(begin)
    app.after_request(end)
