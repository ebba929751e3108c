"""Banks' electronic receipts (PDF or OFD): several at once, put to payments by the serial in their name or text."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lxml import etree
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from orders.banking.slip_models import PaymentSlip
from orders.payments import access
from orders.payments.models import GONE, Payment
from orders.purchase.party import is_party
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.files import services as files
from shop.files.models import StoredFile

_OFD = "application/ofd"
_WORD = re.compile(r"[0-9A-Z][0-9A-Z/-]{3,63}")
#: Text of an electronic receipt is short; more is not read.
_MOST_TEXT = 2 * 1024 * 1024


@dataclass(frozen=True)
class Attached:
    """A file and what it was put to, by what that is; ``None`` if it names none, or several."""

    file: UUID
    name: str
    payment: UUID | None = None
    payout: UUID | None = None
    refund: UUID | None = None
    credit_refund: UUID | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it was put to nothing."""
        return not (self.payment or self.payout or self.refund or self.credit_refund)


#: Puts a file with these words to the actor's one thing that they name, and returns what that is (``payout``, ``refund``
#: …) and which; of a package above.
Taker = Callable[[StoredFile, Collection[str], Actor, datetime], tuple[str, UUID] | None]
_takers: list[Taker] = []


def add_taker(taker: Taker) -> None:
    """Let things of a package above take electronic receipts that no payment takes."""
    if taker not in _takers:
        _takers.append(taker)


def attach_all(file_ids: Sequence[UUID], actor: Actor, at: datetime) -> list[Attached]:
    """Put each file to the actor's one payment whose serial is in the file's name, or in an OFD's text.

    :raises NotFound: for a file that is not the actor's.
    """
    own = [files.get_own(each, actor) for each in file_ids]
    words = {file.id: _words(file) for file in own}
    on = clock.business_day(at)
    asked = sorted({word for found in words.values() for word in found})
    rows = db.session.scalars(
        select(Payment).where(
            Payment.bank_serial.in_(asked), Payment.rail == "bank", Payment.status.not_in(GONE),
            is_party(actor, Payment.buyer_id, Payment.payee_id, on),
        )
    ).all()  # fmt: skip
    answers = []
    for file in own:
        fitting = [payment for payment in rows if payment.bank_serial in words[file.id]]
        if len(fitting) == 1:
            _attach(fitting[0], file, actor, at)
            answers.append(Attached(file.public_id, file.name, fitting[0].public_id))
            continue
        named = () if fitting else (take(file, words[file.id], actor, at) for take in _takers)
        taken = next((found for found in named if found), None)
        answers.append(Attached(file.public_id, file.name, **dict([taken] if taken else [])))
    return answers


def attach(payment_id: UUID, file_id: UUID, actor: Actor, at: datetime) -> Payment:
    """Put a file to a payment that a person chose.

    :raises NotFound: for a payment or file that is not the actor's.
    """
    payment = access.lock_payment(access.get_payment(payment_id, actor, clock.business_day(at)).id)
    _attach(payment, files.get_own(file_id, actor), actor, at)
    return payment


def slips_of(payment_ids: Sequence[int]) -> dict[int, list[StoredFile]]:
    """Return the electronic receipts of payments."""
    rows = db.session.execute(
        select(PaymentSlip.payment_id, StoredFile)
        .join(StoredFile, StoredFile.id == PaymentSlip.file_id)
        .where(PaymentSlip.payment_id.in_(payment_ids))
        .order_by(PaymentSlip.payment_id, StoredFile.id)
    )
    found: dict[int, list[StoredFile]] = {}
    for payment_id, file in rows:
        found.setdefault(payment_id, []).append(file)
    return found


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is an electronic receipt of a payment that the actor sees."""
    if not actor.may("payments:read"):
        return False
    query = (
        select(Payment.id)
        .join(PaymentSlip, PaymentSlip.payment_id == Payment.id)
        .where(PaymentSlip.file_id == file_id, is_party(actor, Payment.buyer_id, Payment.payee_id, clock.today()))
    )
    return db.session.scalar(query.limit(1)) is not None


def _attach(payment: Payment, file: StoredFile, actor: Actor, at: datetime) -> None:
    db.session.execute(
        insert(PaymentSlip)
        .values(payment_id=payment.id, file_id=file.id, attached_by=actor.user_id, attached_at=at)
        .on_conflict_do_nothing()
    )
    if payment.evidence_file_id is None:
        payment.evidence_file_id = file.id
    audit.record(actor, "banking.slip_attached", "payment", payment.id, file=[None, file.id])


def _words(file: StoredFile) -> set[str]:
    """Return what may be a serial in a file's name and, where it can be read, its text."""
    text = file.name.rpartition(".")[0]
    if file.media_type == _OFD:
        text += f" {_ofd_text(files.read_bytes(file))}"
    return set(_WORD.findall(text.upper()))


def _ofd_text(data: bytes) -> str:
    """Return the text on an OFD's pages; empty if it cannot be read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    texts: list[str] = []
    left = _MOST_TEXT
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for part in package.namelist():
                if not part.endswith("Content.xml") or left <= 0:
                    continue
                with package.open(part) as stream:
                    content = stream.read(left)
                left -= len(content)
                texts += [each.text or "" for each in etree.fromstring(content, parser).iter("{*}TextCode")]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        etree.XMLSyntaxError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ):
        return ""
    return " ".join(texts)
