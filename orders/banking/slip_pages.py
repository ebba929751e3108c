"""Electronic receipts on the page of a receipt: what is there, and a further one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from orders.banking import slips
from orders.banking.forms import SlipsForm
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _
from shop.idempotency import idempotent

bp = Blueprint(
    "payment_slip_pages", __name__, template_folder="templates",
    url_prefix="/<any(producer, operator):desk>/payments/<uuid:payment_id>/slips",
)  # fmt: skip


@bp.post("")
@requires("payments:record")
@idempotent
def attach(actor: Actor, desk: str, payment_id: UUID) -> Response:
    """Put electronic receipts to a receipt, whatever they are called."""
    given = chosen_files(SlipsForm())
    with transaction():
        for name, data in given:
            slips.attach(payment_id, files.store(data, name, actor).public_id, actor, clock.now())
    tell(len(given))
    return redirect(url_for("payment_pages.show", desk=desk, payment_id=payment_id))


def chosen_files(form: SlipsForm) -> list[tuple[str, bytes]]:
    """Return name and bytes of each file that was chosen."""
    given = [one for one in form.slips.data or [] if isinstance(one, FileStorage) and one.filename]
    return [(one.filename or "", one.read()) for one in given]


def tell(count: int) -> None:
    """Say how many were taken."""
    if count:
        flash(_("已上传 %(count)s 份电子回单。", count=count), "success")
    else:
        flash(_("请选择回单文件。"), "warning")


def of_payment(payment_key: int) -> Sequence[StoredFile]:
    """Return the electronic receipts of a receipt that the reader's page shows."""
    return slips.slips_of([payment_key]).get(payment_key, [])


def empty_form() -> SlipsForm:
    """Return the form for further ones."""
    return SlipsForm(formdata=None)
