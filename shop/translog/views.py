"""Logs and their proofs by API, open to everyone."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from shop.api import Blueprint
from shop.auth import public
from shop.translog import queries, registry
from shop.translog.models import Log
from shop.translog.schemas import (
    ConsistencyQuery,
    ConsistencySchema,
    InclusionQuery,
    InclusionSchema,
    LogListSchema,
    LogSchema,
)

bp = Blueprint("log", __name__, url_prefix="/api/v1/log", description="Transparency logs: roots and proofs")

_FOR_SECONDS = {"Cache-Control": "public, max-age=5"}
#: What is proven of two sizes stays true.
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@bp.route("")
@public
@bp.response(200, LogListSchema)
def list_logs() -> tuple[dict[str, Any], dict[str, str]]:
    """List the logs that have signed a checkpoint."""
    found = [log for log in queries.list_logs() if log.name in registry.names()]
    return {"items": [_shown(log) for log in found if queries.find_checkpoint(log.id)]}, _FOR_SECONDS


@bp.route("/<name>")
@public
@bp.response(200, LogSchema)
def show_log(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Show a log as it was last signed, with its keys."""
    return _shown(queries.get_log(name)), _FOR_SECONDS


@bp.route("/<name>/inclusion")
@public
@bp.arguments(InclusionQuery, location="query")
@bp.response(200, InclusionSchema)
def prove_inclusion(query: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Prove that a leaf is in the log."""
    log = queries.get_log(name)
    size = query.get("size") or queries.get_checkpoint(log.id).size
    index = query["index"]
    proof = queries.inclusion_proof(log.id, index, size)
    leaf, root = queries.hashes_of(log.id, [(index, index + 1), (0, size)])
    shown = {"index": index, "size": size, "leaf_hash": _b64(leaf), "root": _b64(root), "proof": list(map(_b64, proof))}
    return shown, _FOR_EVER if "size" in query else _FOR_SECONDS


@bp.route("/<name>/consistency")
@public
@bp.arguments(ConsistencyQuery, location="query")
@bp.response(200, ConsistencySchema)
def prove_consistency(query: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Prove that the log of one size begins the log of another: that nothing was changed since."""
    log = queries.get_log(name)
    first, second = query["first"], query.get("second") or queries.get_checkpoint(log.id).size
    proof = queries.consistency_proof(log.id, first, second)
    roots = queries.hashes_of(log.id, [(0, first), (0, second)])
    shown = {"first": first, "second": second, "first_root": _b64(roots[0]), "second_root": _b64(roots[1])}
    return {**shown, "proof": list(map(_b64, proof))}, _FOR_EVER if "second" in query else _FOR_SECONDS


def _shown(log: Log) -> dict[str, Any]:
    last = queries.get_checkpoint(log.id)
    keys = [{"key": str(each.verifier), "signs": each.signs} for each in queries.keys_of(log.id)]
    return {
        "name": log.name,
        "origin": log.origin,
        "size": last.size,
        "root": _b64(bytes(last.root)),
        "checkpoint": last.note,
        "keys": keys,
    }


def _b64(data: bytes) -> str:
    return b64encode(data).decode()
