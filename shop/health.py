"""Alive, ready and measured: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app
from kombu.connection import Connection
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shop import measuring
from shop.auth import public
from shop.db import db, discard
from shop.parts import DEFAULT_QUEUE, OUTGOING_QUEUE

bp = Blueprint("health", __name__)

_UNSIGNED = text("""
    SELECT l.name, coalesce((SELECT max(n.leaf_index) + 1 FROM log_leaves n WHERE n.log_id = l.id), 0)
      - coalesce((SELECT c.size FROM log_checkpoints c WHERE c.log_id = l.id ORDER BY c.id DESC LIMIT 1), 0)
    FROM logs l""")


@bp.get("/healthz")
@public
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
@public
def readyz() -> tuple[dict[str, Any], int]:
    """Say whether database and migrations are ready; a broker that is away only degrades."""
    checks: dict[str, Any] = {"database": "ok", "migrations": "ok", "broker": "ok"}
    try:
        current = db.session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except SQLAlchemyError:
        discard()
        checks["database"], checks["migrations"] = "down", "unknown"
    else:
        if set(current) != current_app.extensions["migration_heads"]:
            checks["migrations"] = "pending"
    if not _broker_answers(current_app.config["BROKER_URL"]):
        checks["broker"] = "degraded"
    ready = checks["database"] == "ok" and checks["migrations"] == "ok"
    return {"status": "ready" if ready else "not ready", **checks}, 200 if ready else 503


_DEPTHS = text("""
    SELECT count(*) FILTER (WHERE d.dead_at IS NULL) AS open, count(d.dead_at) AS dead,
      coalesce((SELECT extract(epoch FROM now() - uuid_extract_timestamp(o.event_id)) FROM outbox_deliveries o
        WHERE o.done_at IS NULL AND o.dead_at IS NULL ORDER BY o.event_id LIMIT 1), 0)::float AS oldest,
      (SELECT count(*) FROM webhook_deliveries w WHERE w.done_at IS NULL AND w.dead_at IS NULL) AS webhooks
    FROM outbox_deliveries d WHERE d.done_at IS NULL""")


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Give Prometheus the figures of all processes of this machine, and what waits."""
    return Response(measuring.answer(_waiting()), content_type=measuring.CONTENT_TYPE)


def _waiting() -> Iterator[measuring.Waiting]:
    row = db.session.execute(_DEPTHS).one()
    yield "duikou_outbox_open", "Deliveries not yet done.", "", {"": row.open}
    yield "duikou_outbox_dead", "Dead letters.", "", {"": row.dead}
    yield "duikou_outbox_oldest_seconds", "Age of the oldest event that waits to be delivered.", "", {"": row.oldest}
    yield "duikou_webhooks_open", "Webhooks not yet sent, or to be tried again.", "", {"": row.webhooks}
    unsigned = {str(name): float(leaves) for name, leaves in db.session.execute(_UNSIGNED)}
    yield "duikou_log_unsigned", "Leaves of a transparency log that no checkpoint has signed.", "log", unsigned
    depths = _queue_depths()
    yield "duikou_broker_up", "Whether the broker answers.", "", {"": float(depths is not None)}
    yield "duikou_queue_messages", "Jobs in a queue of the broker that no worker has taken.", "queue", depths or {}


def _queue_depths() -> dict[str, float] | None:
    """Return how much waits in each queue of the broker, or ``None`` if that does not answer."""
    connection = current_app.extensions["celery"].connection_for_write()
    try:
        connection.connect()
        return {name: _depth(connection, name) for name in (DEFAULT_QUEUE, OUTGOING_QUEUE)}
    except connection.connection_errors:
        return None
    finally:
        connection.release()


def _depth(connection: Connection, name: str) -> float:
    try:
        channel = connection.channel()  # type: ignore[no-untyped-call]
        return float(channel.queue_declare(queue=name, passive=True).message_count)
    except connection.channel_errors:  # Redis knows no queue that is empty, RabbitMQ none that nobody has used yet
        return 0.0


def _broker_answers(url: str) -> bool:
    if not url.startswith(("redis", "unix", "valkey")):
        return True
    client = redis.Redis.from_url(url.replace("valkey://", "redis://"), socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def init_app(app: Flask) -> None:
    """Add the endpoints."""
    config = Config()
    config.set_main_option("script_location", f"{app.root_path}/migrations")
    app.extensions["migration_heads"] = set(ScriptDirectory.from_config(config).get_heads())
    app.register_blueprint(bp)
