"""Alive, ready and measured: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from typing import Any

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shop.auth import public
from shop.db import db, discard

bp = Blueprint("health", __name__)
requests_total = Counter("duikou_requests", "Answers by status class.", ["status"])
outbox_open = Gauge("duikou_outbox_open", "Deliveries not yet done.")
outbox_dead = Gauge("duikou_outbox_dead", "Dead letters.")
log_unsigned = Gauge("duikou_log_unsigned", "Leaves of a transparency log that no checkpoint has signed.", ["log"])

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


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Give Prometheus its figures."""
    row = db.session.execute(
        text("""SELECT count(*) FILTER (WHERE dead_at IS NULL) AS open, count(dead_at) AS dead
                FROM outbox_deliveries WHERE done_at IS NULL""")
    ).one()
    outbox_open.set(row.open)
    outbox_dead.set(row.dead)
    for name, leaves in db.session.execute(_UNSIGNED):
        log_unsigned.labels(name).set(leaves)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


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
