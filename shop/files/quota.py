"""How much an organisation may store in a day, so that one of them cannot fill the disk."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import text

from shop.clock import business_day, start_of_day
from shop.db import db
from shop.errors import TooMany
from shop.i18n import _

#: The class of advisory locks under which an organisation's uploads of a moment are counted one after another.
_LOCK = 8322021
_MB = 1024 * 1024


class UploadQuotaUsed(TooMany):
    """The organisation has stored as much as it may in a day; ``retry_after_s`` leads to the next one."""

    code = "upload-quota-used"


def require_room(organisation_id: int, size_bytes: int, at: datetime) -> None:
    """Refuse what would be more than ``UPLOAD_MB_PER_DAY`` on the business day; 0 allows any amount.

    :raises UploadQuotaUsed: naming the limit and what was stored today, in bytes.
    """
    limit = int(current_app.config["UPLOAD_MB_PER_DAY"]) * _MB
    if not limit:
        return
    today = start_of_day(business_day(at))
    tomorrow = today + timedelta(days=1)
    values = {"lock": _LOCK, "organisation": organisation_id, "since": today, "until": tomorrow}
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock, cast(:organisation AS integer))"), values)
    used = int(
        db.session.execute(
            text("""SELECT coalesce(sum(size_bytes), 0) FROM stored_files
                    WHERE organisation_id = :organisation AND uploaded_at >= :since AND uploaded_at < :until"""),
            values,
        ).scalar_one()
    )
    if used + size_bytes > limit:
        wait = max(1, int((tomorrow - at).total_seconds()))
        detail = _("本单位今天上传的文件已达上限（%(limit)s MB），请明天再传，或联系平台运营。", limit=limit // _MB)
        raise UploadQuotaUsed(detail, retry_after_s=wait, limit_bytes=limit, used_bytes=used)
