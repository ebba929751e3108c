"""Which lots may not go out: they lack the commitment certificate that must go with them, or a failed test of them stands."""

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
#: Kinds of test reports, the one that weighs most last.
BY_WEIGHT = ("own", "factory", "commissioned", "official")


class CertificateMissing(Conflict):
    """A lot's goods go out with a commitment certificate, which has not been issued; member ``lots`` names them."""

    code = "commitment-certificate-missing"


class LotFailedTest(Conflict):
    """A test of a lot or of its batch failed, and no later one of the same weight passed; member ``lots`` names them."""

    code = "test-failed"


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


#: A failed test stands until it is taken back, or one that weighs as much passes on the same day or later.
_FAILED = text("""
    SELECT l.id, l.code FROM lots l WHERE l.id = ANY(:lots) AND EXISTS (
        SELECT FROM test_reports r WHERE (r.lot_id = l.id OR r.batch_id = l.batch_id)
           AND NOT r.has_passed AND r.withdrawn_at IS NULL AND NOT EXISTS (
            SELECT FROM test_reports p WHERE (p.lot_id = l.id OR p.batch_id = l.batch_id) AND p.id > r.id
               AND p.has_passed AND p.withdrawn_at IS NULL AND p.tested_on >= r.tested_on
               AND array_position(:kinds, p.kind) >= array_position(:kinds, r.kind)))
    ORDER BY l.id""")


def require_tests(lot_ids: Iterable[int]) -> None:
    """Refuse to let lots go out of which a failed test stands.

    :raises LotFailedTest: naming them.
    """
    found = [row.code for row in db.session.execute(_FAILED, {"lots": sorted(lot_ids), "kinds": list(BY_WEIGHT)})]
    if found:
        detail = _(
            "批次 %(codes)s 有不合格的检测报告，不能发货。复检合格后登记新的报告，或召回、销毁。",
            codes="、".join(found),
        )
        raise LotFailedTest(detail, lots=found)
