"""Which lots must have a commitment certificate before they are sold online, and have none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import text

from shop.db import db
from shop.errors import Conflict
from shop.i18n import _

#: 农产品质量安全承诺达标合格证管理办法 (农业农村部令2025年第4号) is in force since then: for batches produced from that day on.
SINCE = date(2026, 2, 1)
#: Who must issue one for each batch; households and family farms are encouraged to.
OBLIGED = ("company", "cooperative")


class CertificateMissing(Conflict):
    """A lot's goods go out with a commitment certificate, which has not been issued; member ``lots`` names them."""

    code = "commitment-certificate-missing"


_WITHOUT = text("""
    SELECT l.id, l.code FROM lots l JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = s.product_id
    JOIN categories c ON c.code = p.category_code JOIN producers r ON r.organisation_id = p.producer_id
    WHERE l.id = ANY(:lots) AND c.origin_paper = 'commitment' AND r.form = ANY(:forms) AND l.produced_on >= :since
      AND NOT EXISTS (SELECT FROM commitments k WHERE k.lot_id = l.id OR k.batch_id = l.batch_id)
    ORDER BY l.id""")


def lots_without(lot_ids: Iterable[int]) -> dict[int, str]:
    """Return key and code of the lots among these that lack a certificate they must have.

    A lot has its own, or that of the batch it was packed from; what was mixed, split off or opened again is a batch of its own.
    """
    values = {"lots": sorted(lot_ids), "forms": list(OBLIGED), "since": SINCE}
    return {row.id: row.code for row in db.session.execute(_WITHOUT, values)}


def require_certificates(lot_ids: Iterable[int]) -> None:
    """Refuse to let lots go out without the certificate that must go with goods sold online.

    :raises CertificateMissing: naming them.
    """
    if missing := lots_without(lot_ids):
        names = "、".join(missing.values())
        raise CertificateMissing(
            _("批次 %(codes)s 还没有承诺达标合格证，不能发货。请先在批次页面开具。", codes=names),
            lots=list(missing.values()),
        )
