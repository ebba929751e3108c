"""Storing files and deciding who may read one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from shop import audit, clock
from shop.auth import Actor
from shop.db import before_commit, db
from shop.errors import Invalid, NotFound
from shop.files import blobs, quota, sniffing
from shop.files.models import StoredFile
from shop.i18n import _

MAX_BYTES = 20 * 1024 * 1024

#: Says whether an actor may read the file with this key, as evidence of something the actor may see.
Check = Callable[[Actor, int], bool]
_checks: list[Check] = []
#: Kinds of organisations that look at what is others'.
_ONLOOKERS = ("authority", "operator")


class EmptyFile(Invalid):
    """A file without bytes."""

    code = "empty-file"


class FileTooLarge(Invalid):
    """A file above 20 MB."""

    code = "file-too-large"
    http_status = 413


def allow(check: Check) -> Check:
    """Let ``check`` open files to those who see the thing that they are evidence of; usable as a decorator."""
    if check not in _checks:
        _checks.append(check)
    return check


def store(data: bytes, name: str, actor: Actor) -> StoredFile:
    """Keep a file of the actor's organisation; the same content under the same name is one file.

    The bytes are on the disk before the row is committed: a crash between leaves no row without bytes. What is refused
    after all leaves no bytes, so that the quota counts everything that is kept.

    :raises EmptyFile: if there are no bytes.
    :raises FileTooLarge: above 20 MB.
    :raises UnknownFileType: if the bytes are of no kind that is taken.
    :raises UploadQuotaUsed: if the organisation has stored as much as it may today.
    """
    if not data:
        raise EmptyFile(_("文件是空的。"))
    if len(data) > MAX_BYTES:
        raise FileTooLarge(_("文件不能超过20 MB。"), max_bytes=MAX_BYTES)
    media_type = sniffing.sniff(data, name)
    safe = sniffing.safe_name(name, media_type)
    at = clock.now()
    key = {"organisation_id": actor.organisation_id, "sha256": blobs.digest(data), "name": safe}
    there = db.session.scalars(select(StoredFile).filter_by(**key)).one_or_none()
    if there is None:
        quota.require_room(actor.organisation_id, len(data), at)
    before_commit(partial(blobs.put, data))
    if there is not None:
        return there
    values = {
        **key,
        "public_id": uuid7(),
        "media_type": media_type,
        "size_bytes": len(data),
        "uploaded_by": actor.user_id,
        "uploaded_at": at,
    }
    db.session.execute(insert(StoredFile).values(values).on_conflict_do_nothing())
    return db.session.scalars(select(StoredFile).filter_by(**key)).one()


def get_readable(public_id: UUID, actor: Actor) -> StoredFile:
    """Return a file that the actor may read: its organisation's, or evidence of something it sees.

    That an official or the operator opened somebody else's file is written into the audit trail.

    :raises NotFound: if there is none, or it is not for this actor.
    """
    file = db.session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one_or_none()
    if file is None or not (
        file.organisation_id == actor.organisation_id or any(check(actor, file.id) for check in _checks)
    ):
        raise NotFound(_("没有这个文件。"))
    if actor.organisation_kind in _ONLOOKERS and file.organisation_id != actor.organisation_id:
        audit.record(actor, "files.file_opened", "stored_file", file.id)
    return file


def find_own(public_id: UUID | None, actor: Actor) -> StoredFile | None:
    """Return a file of the actor's own organisation; ``None`` without one, or if it is another organisation's."""
    file = db.session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one_or_none()
    return file if file is not None and file.organisation_id == actor.organisation_id else None


def get_own(public_id: UUID, actor: Actor) -> StoredFile:
    """Return a file of the actor's own organisation, to attach it to something.

    :raises NotFound: if there is none, or it is another organisation's.
    """
    file = find_own(public_id, actor)
    if file is None:
        raise NotFound(_("没有这个文件。"))
    return file


def read_bytes(file: StoredFile) -> bytes:
    """Return a file's bytes.

    :raises DamagedFile: if the disk no longer holds what was stored.
    """
    return blobs.read(file.sha256)
