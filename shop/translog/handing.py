"""Handing out receipts: brings the log up to date first if a record is not in it yet. An entry point, as sealing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shop.db import snapshot
from shop.errors import Conflict
from shop.i18n import _
from shop.translog import queries, receipts, registry
from shop.translog.models import Log, LogCheckpoint, LogLeaf
from shop.translog.sealing import seal_log


class LogRecordChanged(Conflict):
    """The record is no longer what was logged, so that no receipt for it would hold."""

    code = "log-record-changed"


@dataclass(frozen=True)
class Receipt:
    """A receipt as a file, with the place of its leaf."""

    key: str
    index: int
    text: str


def receipts_of(name: str, keys: Sequence[str], *, with_facts: bool = True) -> list[Receipt]:
    """Return the receipts of records, in the order of ``keys``; call outside transactions.

    :param with_facts: tell what the entries commit to; without it they prove what is public, that and when it was logged.
    :raises NoSuchLog: if there is no such log.
    :raises NotLogged: if a record is not in the log even after all that is committed was logged.
    :raises LogRecordChanged: if a record is not what was logged.
    """
    with snapshot():
        found = _find(name, keys)
    if found is None:
        seal_log(name)
    with snapshot():
        found = _find(name, keys)
        if found is None:
            raise queries.NotLogged(_("尚未记入日志，请稍后再试。"))
        log, checkpoint, leaves = found
        return [_receipt(log, checkpoint, leaf, with_facts=with_facts) for leaf in leaves]


def _find(name: str, keys: Sequence[str]) -> tuple[Log, LogCheckpoint, list[LogLeaf]] | None:
    """Return the leaves of records, if all of them are below the last checkpoint."""
    registry.get_source(name)
    try:
        log = queries.get_log(name)
        checkpoint = queries.get_checkpoint(log.id)
    except registry.NoSuchLog:
        return None
    leaves = [queries.find_leaf(log.id, key) for key in keys]
    signed = [leaf for leaf in leaves if leaf is not None and leaf.leaf_index < checkpoint.size]
    return (log, checkpoint, signed) if len(signed) == len(keys) else None


def _receipt(log: Log, checkpoint: LogCheckpoint, leaf: LogLeaf, *, with_facts: bool) -> Receipt:
    records = registry.get_source(log.name).read(leaf.place - 1, 1).records
    record = next((each for each in records if each.key == leaf.key), None)
    if record is None or record.entry(log.name, leaf.salt) != bytes(leaf.entry):
        raise LogRecordChanged(_("记录与日志所载不符，请联系平台。"))
    text = receipts.write(
        index=leaf.leaf_index,
        proof=queries.inclusion_proof(log.id, leaf.leaf_index, checkpoint.size),
        note=checkpoint.note,
        entry=bytes(leaf.entry),
        facts=record.facts_text() if with_facts else None,
        salt=leaf.salt if with_facts else None,
    )
    return Receipt(leaf.key, leaf.leaf_index, text)
