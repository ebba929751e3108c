"""What is known of a log apart from its database: keys in files or told, and checkpoints kept beside them or elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.translog import keys
from shop.translog.notes import VerifierKey


@dataclass(frozen=True)
class Outside:
    """What a log is held against: who can write its tables can change none of it."""

    #: Only what these have signed counts.
    keys: Sequence[VerifierKey]
    #: Signed notes, each with what it is called when it differs.
    kept: Sequence[tuple[str, str]]
    #: What is missing or cannot be read.
    faults: Sequence[str]


def look(folder: Path, names: Iterable[str], told: Sequence[VerifierKey], notes: Sequence[str]) -> Outside:
    """Read what stands in the folder of keys; before the snapshot that it is compared with, which can only be newer.

    :param names: of the log's keys.
    :param told: keys from another place.
    :param notes: checkpoints that somebody kept elsewhere.
    """
    trusted, faults = list(told), []
    kept = [(f"kept checkpoint {number}", note) for number, note in enumerate(notes, 1)]
    for name in sorted(set(names)):
        note = _read(keys.kept_path_of(folder, name))
        if note is not None:
            kept.append((f"the checkpoint beside the key {name}", note))
        try:
            signer = keys.find_signer(folder, name)
        except keys.LogKeyMissing:
            faults.append(f"the file of the key {name} cannot be read")
            continue
        if signer is not None:
            trusted.append(signer.verifier)
            if note is None:
                faults.append(f"no checkpoint is kept beside the key {name}")
    return Outside(trusted, kept, faults)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
