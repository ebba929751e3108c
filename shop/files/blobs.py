"""The bytes of files: one file per content under ``DATA_DIR/files``, named by its SHA-256, never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from pathlib import Path

from flask import Flask, current_app

#: Where half-written contents are; what a crash left there is removed at the next start.
_UNFINISHED = "unfinished"
_STALE_S = 3600


class DamagedFile(RuntimeError):
    """What the disk holds is not what was stored: missing or changed. Somebody must look."""


def folder() -> Path:
    """Return the folder of this installation."""
    return Path(current_app.config["DATA_DIR"]) / "files"


def path_of(sha256: str) -> Path:
    """Return where the content with this digest is kept; two levels keep folders small."""
    return folder() / sha256[:2] / sha256[2:4] / sha256


def digest(data: bytes) -> str:
    """Return the SHA-256 under which ``data`` is kept, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep ``data`` and return its SHA-256; once this returns, a power cut does not lose it.

    The content appears under its name in one step, whole, or not at all.
    """
    sha256 = digest(data)
    target = path_of(sha256)
    if target.is_file() and target.stat().st_size == len(data):
        return sha256
    unfinished = folder() / _UNFINISHED
    for part in (unfinished, target.parent):
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=unfinished)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for part in (target.parent, target.parent.parent, folder()):
        _sync_folder(part)
    return sha256


def _sync_folder(path: Path) -> None:
    """Make a new name in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(sha256: str) -> bytes:
    """Return the content with this digest.

    :raises DamagedFile: if it is missing or no longer what was stored.
    """
    try:
        data = path_of(sha256).read_bytes()
    except FileNotFoundError as error:
        raise DamagedFile(f"The content {sha256} is missing.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedFile(f"The content {sha256} has been changed on the disk.")
    return data


def init_app(app: Flask) -> None:
    """Remove what an earlier crash left half written."""
    unfinished = Path(app.config["DATA_DIR"]) / "files" / _UNFINISHED
    if not unfinished.is_dir():
        return
    old = time.time() - _STALE_S
    for path in unfinished.iterdir():
        if path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
