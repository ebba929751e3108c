"""Issuing serial numbers for the packs of a lot."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from uuid6 import uuid7

from catalog.lots import queries as lots
from catalog.lots.services import LotNotOpen
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.outbox.services import publish
from traceability.pieces.models import MOST_PIECES, SerialRun
from traceability.pieces.queries import count_pieces

#: Nothing that looks like something else: no 0 and O, no 1 and I.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
#: 60 random bits: among ten million numbers that were issued, one in a hundred thousand million guesses meets one.
LENGTH = 12


class BadPieceCount(Invalid):
    """The number of serial numbers is not from 1 to 10,000."""

    code = "bad-piece-count"


class TooManyPieces(Conflict):
    """The lot would have more serial numbers than it had packs; ``left`` says how many it may still get."""

    code = "too-many-pieces"


def issue(lot_id: UUID, pieces: int, actor: Actor, *, at: datetime) -> SerialRun:
    """Issue serial numbers for packs of a lot.

    Not more than it was born with, less the packs that were opened, over all runs: what was lost, sold or came back
    does not change how many there ever were, but what is opened is packed and numbered anew.

    :raises NoSuchLot: if it is not there, or another producer's.
    :raises BadPieceCount: if there are none, or more than one run may have.
    :raises LotNotOpen: if it is closed, called back or undone.
    :raises TooManyPieces: if the lot has not had so many packs that stayed closed.
    """
    lot = lots.get_lot(lot_id, actor, business_day(at)).lot
    if not 1 <= pieces <= MOST_PIECES:
        raise _bad(_("请填写件数，一次最多 %(most)s 件。", most=MOST_PIECES))
    _lock_open(lot.id)
    held, issued = count_pieces(lot.id)
    left = held - issued
    if pieces > left:
        raise _too_many(left)
    run = SerialRun(public_id=uuid7(), lot_id=lot.id, pieces=pieces, issued_by=actor.user_id, issued_at=at)
    with refusing(lot_pieces=_too_many(left)):
        db.session.add(run)
    db.session.execute(_NUMBERS, {"run": run.id, "lot": lot.id, "serials": [make_serial() for _ in range(pieces)]})
    audit.record(actor, "traceability.pieces_issued", "lot", lot.id, pieces=[issued, issued + pieces])
    publish(
        "traceability.pieces_issued",
        run_id=str(run.public_id),
        lot_id=str(lot_id),
        pieces=pieces,
        issued_at=at.isoformat(),
    )
    return run


def make_serial() -> str:
    """Return a serial number that cannot be guessed from others."""
    bits = secrets.randbits(5 * LENGTH)
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(0, 5 * LENGTH, 5))


_NUMBERS = text("""
    INSERT INTO lot_serials (serial, run_id, lot_id, place)
    SELECT t.serial, :run, :lot, t.place FROM unnest(CAST(:serials AS text[])) WITH ORDINALITY AS t (serial, place)""")


_LOCK = text("""
    SELECT l.status = 'open' AND NOT EXISTS (SELECT FROM lot_recalls r WHERE r.lot_id = l.id AND r.lifted_at IS NULL)
    FROM lots l WHERE l.id = :lot FOR NO KEY UPDATE OF l""")


def _lock_open(lot_id: int) -> None:
    """Let whoever issues for the same lot wait, and refuse one that is no stock any more."""
    if not db.session.execute(_LOCK, {"lot": lot_id}).scalar_one():
        raise LotNotOpen(_("这个批次已不在库，不能再编号。"))


def _bad(detail: str) -> BadPieceCount:
    return BadPieceCount(detail, errors=[{"pointer": "#/pieces", "detail": detail}])


def _too_many(left: int) -> TooManyPieces:
    detail = _("这个批次还可以编 %(left)s 件：编号总数不能超过入库时的件数。", left=left)
    return TooManyPieces(detail, left=left, errors=[{"pointer": "#/pieces", "detail": detail}])
