"""Where a lot went, as a workbook."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from shop import clock
from shop.auth import Actor
from shop.db import snapshot
from shop.i18n import _
from shop.layout import show_instant
from shop.sheets import write_xlsx
from traceability.journey import recipients

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(lot_id: UUID, actor: Actor) -> Response:
    """Return a workbook of every order that got some of a lot, or of a lot made of it.

    :raises NoSuchLot: if there is none of which the actor may know.
    """
    at = clock.now()
    with snapshot():
        lot = recipients.get_lot(lot_id, actor, at)
        lots = recipients.lots_made_of(lot, actor, at).lots
        titles, rows, total = recipients.table(recipients.list_recipients(lots))
    about = [
        (_("批号"), lot.code),
        (_("编号"), lot.number),
        (_("由它制成的批次"), str(len(lots) - 1)),
        (_("截至"), show_instant(at)),
    ]
    response = Response(write_xlsx(titles, rows, sheet=_("去向"), about=about, total=total), content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="recipients.xlsx"'
    return response
