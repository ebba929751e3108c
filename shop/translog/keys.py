"""Private keys: files of mode 0600 in a folder of the installation, never in the database.

Beside each stands the last checkpoint that it signed. Who can write the tables can make a log anew in full; who signs
looks at the file, which that person cannot write, and puts the key under nothing that the file does not lead to.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shop.errors import Conflict
from shop.i18n import _
from shop.translog import notes, tree
from shop.translog.notes import BadNote, Checkpoint, Signer, VerifierKey


class LogKeyMissing(Conflict):
    """The file of a private key that the log signs with is not in the folder of keys, or holds another key."""

    code = "log-key-missing"


class LogCheckpointMissing(Conflict):
    """The file with the last checkpoint that a log's key signed is missing or damaged: what it stood for is unknown."""

    code = "log-checkpoint-missing"


def path_of(folder: Path, name: str) -> Path:
    """Return where the private key of that name is kept."""
    return folder / (name.replace("/", "_").replace(":", "_") + ".pem")


def kept_path_of(folder: Path, name: str) -> Path:
    """Return where the last checkpoint that the key of that name signed is kept."""
    return path_of(folder, name).with_suffix(".checkpoint")


def find_signer(folder: Path, name: str) -> Signer | None:
    """Return the key of that name, or ``None`` if its file is not there.

    :raises LogKeyMissing: if the file is not a private Ed25519 key.
    """
    try:
        key = load_pem_private_key(path_of(folder, name).read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise LogKeyMissing(_("日志密钥文件无法读取：%(name)s。", name=name)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyMissing(_("日志密钥文件无法读取：%(name)s。", name=name))
    return Signer(name, key)


def make_signer(folder: Path, name: str, origin: str) -> Signer:
    """Make a key, keep it and return it; if another process was quicker, return that one's.

    The first thing that it signs is the log of that origin without a leaf, so that a key never stands without a file.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(folder):
        if not path_of(folder, name).exists():
            key = Ed25519PrivateKey.generate()
            if not _binds(kept_path_of(folder, name)):
                keep(folder, name, notes.sign(Checkpoint(origin, 0, tree.EMPTY), [Signer(name, key)]))
            data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write(path_of(folder, name), data)
    signer = find_signer(folder, name)
    if signer is None:
        raise LogKeyMissing(_("日志密钥文件无法读取：%(name)s。", name=name))
    return signer


def _binds(path: Path) -> bool:
    """Say whether a file stands for leaves; one of a maker who ended before the key was there does not."""
    try:
        return notes.read_checkpoint(path.read_text(encoding="utf-8").partition("\n\n")[0] + "\n").size > 0
    except FileNotFoundError:
        return False
    except (UnicodeDecodeError, BadNote):
        return True


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep everyone else who signs away, those who work on another copy of the database too."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def find_kept(folder: Path, key: VerifierKey) -> Checkpoint | None:
    """Return the last checkpoint that a key signed, or ``None`` if its file is not there.

    :raises LogCheckpointMissing: if the file holds none that the key has signed.
    """
    try:
        note = kept_path_of(folder, key.name).read_text(encoding="utf-8")
        return notes.read_checkpoint(notes.open_note(note, [key])[0])
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, BadNote) as error:
        raise LogCheckpointMissing(_("日志密钥旁的检查点文件无法读取：%(name)s。", name=key.name)) from error


def keep(folder: Path, name: str, note: str) -> None:
    """Put a checkpoint in the place of the last one that the key of that name signed, wholly or not at all."""
    _write(kept_path_of(folder, name), note.encode())


def _write(path: Path, data: bytes) -> None:
    """Write a file that is there in full or as it was before, whenever the machine stops."""
    draft = path.parent / f".{uuid.uuid4().hex}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
