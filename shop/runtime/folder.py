"""The data folder: who may use it, its secrets, and where its database lies."""

import errno
import json
import os
import secrets
import shutil
import uuid
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from shop.runtime.account import server_account, shared_root
from shop.runtime.errors import StartError

#: Raised when a later release arranges the folder in a way that earlier ones cannot read.
LAYOUT = 1

#: Below this PostgreSQL may stop in the middle of something.
NEEDED_MB = 300

_WHY = {
    errno.EACCES: "you have no right to write there",
    errno.EPERM: "you have no right to write there",
    errno.EROFS: "it is on a read-only disk",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.ENOTDIR: "a part of the path is a file",
    errno.EEXIST: "a part of the path is a file",
}


@dataclass(frozen=True)
class Secrets:
    """Made once for each data folder; they never leave the machine."""

    secret_key: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(48))
    superuser_password: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(24))
    database_password: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(24))
    broker_password: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(24))


def prepare(folder: Path, *, needed_mb: int = NEEDED_MB) -> None:
    """Make ``folder`` if needed, and see that this version and this account can use it.

    :raises StartError: in one line, why not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            # The server's account must be able to pass through a folder of root's.
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        probe = folder / f".probe-{uuid.uuid4().hex}"
        probe.write_bytes(b"?" * 4096)
        probe.unlink()
        free_mb = shutil.disk_usage(folder).free // 2**20
    except OSError as error:
        message = f"The data folder {folder} cannot be used: {_WHY.get(error.errno or 0, error.strerror)}."
        raise StartError(message) from error
    if free_mb < needed_mb:
        message = f"The disk of the data folder {folder} is full: {free_mb} MB are left, {needed_mb} MB are needed."
        raise StartError(message)
    _require_layout(folder)
    _require_own_database(folder)


def empty_metrics(folder: Path) -> Path:
    """Return the folder of the processes' figures, without those of the run before."""
    figures = folder / "metrics"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(mode=0o700, exist_ok=True)
    return figures


def read_secrets(folder: Path) -> Secrets:
    """Return the secrets of ``folder``; make them the first time.

    :raises StartError: if they are lost while the database they open is still there.
    """
    path = folder / "secrets.json"
    try:
        kept = json.loads(path.read_text())
        return Secrets(**{each.name: str(kept[each.name]) for each in fields(Secrets)})
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The secrets in {path} cannot be read; restore the file from a copy of the data folder."
        raise StartError(message) from error
    if (folder / "postgres" / "data").exists():
        message = f"{path} is missing, and without it the database beside it cannot be opened; restore the file."
        raise StartError(message)
    made = Secrets()
    draft = folder / f".secrets-{uuid.uuid4().hex}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(made), file)
    draft.rename(path)
    return made


def database_home(folder: Path) -> Path:
    """Return where the database of ``folder`` lies.

    That is a folder inside, unless we are root and the account that runs PostgreSQL cannot pass
    through the folders above: then it is a folder of that account's elsewhere, and a link inside
    leads there. The folders above are left as closed as they are.

    :raises StartError: if the link leads to the database of another data folder that is in use.
    """
    link = folder / "postgres"
    account = server_account(link)
    if not link.is_symlink():
        if account.reaches(folder):
            return link
        target = shared_root(account) / f"database-{uuid.uuid4().hex[:12]}"
        if link.exists():  # the data folder was moved into a closed place
            shutil.move(link, target)
        else:
            target.mkdir(mode=0o700)
            os.chown(target, account.uid, account.gid)
        link.symlink_to(target)
    target = link.readlink()
    _claim(target, link)
    return target


def _claim(target: Path, link: Path) -> None:
    """Note in ``target`` which link leads to it, so that a copied data folder is noticed."""
    note = target / "used-by"
    user = Path(note.read_text()) if note.exists() else link
    if user != link and user.is_symlink() and user.readlink() == target:
        message = (
            f"{link.parent} is a copy of {user.parent}, and both lead to the database in {target}; "
            "a copy made as root from a closed place does not hold the database. Choose another DUIKOU_DATA."
        )
        raise StartError(message)
    note.write_text(str(link))


def _require_layout(folder: Path) -> None:
    path = folder / "layout"
    if not path.exists():
        path.write_text(f"{LAYOUT}\n")
        return
    text = path.read_text().strip()
    if not text.isdigit() or int(text) > LAYOUT:
        message = (
            f"The data folder {folder} was made by a newer version of Duikou; use that version, or another folder."
        )
        raise StartError(message)


def _require_own_database(folder: Path) -> None:
    home = folder / "postgres"
    if os.geteuid() == 0 or not home.exists():
        return
    if home.stat().st_uid != os.geteuid():
        message = f"The database in {folder} belongs to another account (it was started as root); use that account."
        raise StartError(message)
