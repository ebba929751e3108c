"""The account PostgreSQL runs as, since it refuses root, and the places that account can reach."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.runtime.errors import StartError

#: Preferred names; the first that exists is used. Nothing is added to the machine's accounts.
ACCOUNT_NAMES = ("duikou", "nobody")

#: Where root may keep what the account must reach while the checkout is out of its reach.
SHARED_ROOTS = (Path("/var/lib/duikou"), Path("/var/tmp/duikou"), Path("/tmp/duikou"))  # noqa: S108 - checked below


@dataclass(frozen=True)
class Account:
    """Who runs a program: a user of this machine, and whether that is somebody else than we are."""

    uid: int
    gid: int
    name: str
    is_other: bool

    def run(self, command: Sequence[str | Path], *, cwd: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run ``command`` as this account with a clean environment; output is captured as text."""
        return subprocess.run(  # noqa: S603 - our own programs
            [str(part) for part in command],
            cwd=cwd,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def own(self, path: Path) -> None:
        """Give the tree at ``path`` to this account if it belongs to somebody else."""
        if not self.is_other or path.stat().st_uid == self.uid:
            return
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.lchown(Path(folder, name), self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Say whether this account can enter every folder from the root down to ``path``."""
        if not self.is_other:
            return True
        path = path.resolve()
        return all(self._may(folder, stat.S_IXUSR) for folder in (path, *path.parents) if folder.exists())

    def _may(self, path: Path, bit: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & bit)
        if found.st_gid == self.gid:
            return bool(found.st_mode & (bit >> 3))
        return bool(found.st_mode & (bit >> 6))


def server_account(home: Path) -> Account:
    """Return who runs the database server in ``home``: ourselves, or for root an account without rights.

    A home that exists keeps its account.

    :raises StartError: if we are root and the machine has no such account.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), str(os.geteuid()), is_other=False)
    owner = home.stat().st_uid if home.exists() else 0
    for found in (owner or None, *ACCOUNT_NAMES):
        try:
            entry = pwd.getpwnam(found) if isinstance(found, str) else pwd.getpwuid(found or -1)
        except (KeyError, OverflowError):
            continue
        return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, is_other=True)
    message = "PostgreSQL does not run as root, and this machine has no account duikou or nobody."
    raise StartError(message)


def shared_root(account: Account) -> Path:
    """Return a folder of root's that ``account`` can enter, and only root can write.

    :raises StartError: if no such folder can be made.
    """
    for root in SHARED_ROOTS:
        try:
            root.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        found = root.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022 and account.reaches(root):
            return root
    message = f"No folder was found that {account.name} can reach: tried {', '.join(map(str, SHARED_ROOTS))}."
    raise StartError(message)


def reachable_copy(source: Path, siblings: Sequence[Path], *, name: str, account: Account) -> Path:
    """Return ``source``, or a copy that ``account`` can reach, made once and kept for all checkouts.

    The copy keeps ``siblings``, folders beside the parent of ``source``, at the same relative
    places, because the programs find their libraries relative to themselves.
    """
    if account.reaches(source) and account.reaches(source / "bin"):
        return source
    target = shared_root(account) / name
    result = target / source.parent.name / source.name
    if result.exists():
        return result
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
    shutil.copytree(source, draft / source.parent.name / source.name, symlinks=True)
    for sibling in siblings:
        shutil.copytree(sibling, draft / sibling.name, symlinks=True)
    _open_for_reading(draft)
    try:
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft)  # another process was faster
    return result


def _open_for_reading(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def require_own(folder: Path, account: int) -> None:
    """Refuse a folder that another user has made where ours would be, or that leads elsewhere; close it to others.

    :raises StartError: naming it.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account}:
        message = f"{folder} belongs to somebody else; choose a shorter folder by DUIKOU_DATA."
        raise StartError(message)
    folder.chmod(0o700)
