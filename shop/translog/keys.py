"""Private keys: files of mode 0600 in a folder of the installation, never in the database."""

from __future__ import annotations

import os
import uuid
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
from shop.translog.notes import Signer


class LogKeyMissing(Conflict):
    """The file of a private key that the log signs with is not in the folder of keys, or holds another key."""

    code = "log-key-missing"


def path_of(folder: Path, name: str) -> Path:
    """Return where the private key of that name is kept."""
    return folder / (name.replace("/", "_").replace(":", "_") + ".pem")


def find_signer(folder: Path, name: str) -> Signer | None:
    """Return the key of that name, or ``None`` if its file is not there.

    :raises LogKeyMissing: if the file is not a private Ed25519 key.
    """
    try:
        key = load_pem_private_key(path_of(folder, name).read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise LogKeyMissing(_("日志密钥文件无法读取:%(name)s。", name=name)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyMissing(_("日志密钥文件无法读取:%(name)s。", name=name))
    return Signer(name, key)


def make_signer(folder: Path, name: str) -> Signer:
    """Make a key, keep it and return it; if another process was quicker, return that one's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = folder / f".{uuid.uuid4().hex}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path_of(folder, name))  # fails, rather than replaces, if the file is there
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    signer = find_signer(folder, name)
    if signer is None:
        raise LogKeyMissing(_("日志密钥文件无法读取:%(name)s。", name=name))
    return signer
