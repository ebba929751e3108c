"""What a label's address hands to the page that it leads to: proof that its serial number was checked just now.

The page's own address can be written by anybody, so a serial number in it says nothing. Only the address on the label
counts scans; whoever prints another address, or keeps the page's, has no proof, or an old one.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from shop import clock

#: How long after a scan the page may be reloaded, or passed on, as checked.
CHECKED_FOR = timedelta(minutes=15)
#: Names in the page's address; what a label's query says under them is not handed on.
SERIAL, CHECK = "serial", "check"
_SALT = "traceability.checked-serial"


class _Signer(TimestampSigner):
    """Signs with the clock's real time, as all tokens do."""

    def get_timestamp(self) -> int:
        return int(clock.real_now().timestamp())


def sign(lot_id: UUID, serial: str) -> str:
    """Return the proof that this serial number beside this lot was scanned and counted now."""
    return str(_serializer().dumps([lot_id.hex, serial]))


def is_checked(proof: str, lot_id: UUID, serial: str) -> bool:
    """Say whether the proof is ours, about this number beside this lot, and of the last quarter of an hour."""
    try:
        said = _serializer().loads(proof, max_age=int(CHECKED_FOR.total_seconds()))
    except BadData:
        return False
    return bool(said == [lot_id.hex, serial])


def _serializer() -> URLSafeTimedSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], _SALT, signer=_Signer, signer_kwargs=how)
