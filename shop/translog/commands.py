"""The commands ``duikou log`` and ``duikou receipt``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from shop import clock
from shop.db import snapshot, transaction
from shop.errors import DomainError
from shop.translog import monitor, outside, queries, receipts, registry, services
from shop.translog.notes import BadNote, VerifierKey
from shop.translog.outside import Outside
from shop.translog.receipts import BadReceipt
from shop.translog.sealing import keys_folder, open_log, origin_of, seal_log

_DIFFERS, _NOTHING_SUCH, _REFUSED = 1, 2, 3


@click.group("log")
def log_commands() -> None:
    """Look after the transparency logs."""


@log_commands.command("monitor")
@click.argument("names", nargs=-1)
@click.option(
    "--checkpoint", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept elsewhere, of the one log named; the log must still lead to it. May be given several times.",
)  # fmt: skip
@click.option(
    "--key", "told", multiple=True, metavar="KEY",
    help="A public key that is trusted (name+id+key), or a file of such lines, beside those whose files are here.",
)  # fmt: skip
@with_appcontext
def monitor_logs(names: tuple[str, ...], files: tuple[Path, ...], told: tuple[str, ...]) -> None:
    """Compute logs (all, unless named) again from the records they are about, and name what differs.

    Keys are taken from the folder of keys and from --key, never from the database alone; the log must lead to the
    checkpoints beside them. Exit codes: 0 all agrees, 1 something differs, 2 there is no such log or file.
    """
    wanted = names or tuple(registry.names())
    unknown = set(wanted) - set(registry.names())
    if unknown or (files and len(wanted) != 1):
        click.echo(f"There is no log {', '.join(sorted(unknown))}." if unknown else "Name one log.", err=True)
        sys.exit(_NOTHING_SUCH)
    kept = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    try:
        trusted = [key for each in told for key in _read_keys(each)]
    except BadNote as error:
        click.echo(f"duikou: {error}", err=True)
        sys.exit(_NOTHING_SUCH)
    try:
        if sum(_monitor(name, trusted, kept) for name in wanted):
            sys.exit(_DIFFERS)
    except DomainError as error:  # the source cannot be read in its order
        click.echo(f"duikou: {error.detail}", err=True)
        sys.exit(_DIFFERS)


def _look(name: str, trusted: list[VerifierKey], kept: list[str]) -> tuple[bool, Outside]:
    """Return whether the database has a log, and what is known of it apart from that."""
    with snapshot():
        try:
            log = queries.get_log(name)
        except registry.NoSuchLog:
            return False, outside.look(keys_folder(), [origin_of(name)], trusted, kept)
        names = [log.origin, *(key.verifier.name for key in queries.keys_of(log.id))]
    return True, outside.look(keys_folder(), names, trusted, kept)


def _monitor(name: str, trusted: list[VerifierKey], kept: list[str]) -> int:
    """Check one log and print what was found; return the number of differences."""
    is_there, known = _look(name, trusted, kept)
    if not is_there:
        for held, _note in known.kept:
            click.echo(f"{name}: {held} stands for a log that the database does not have", err=True)
        if not known.kept:
            click.echo(f"{name}: nothing was logged yet")
        return len(known.kept)
    with snapshot():
        log = queries.get_log(name)
        with tqdm(total=queries.size_of(log.id), unit="leaves", desc=name, disable=not sys.stderr.isatty()) as bar:
            report = monitor.check(log, registry.get_source(name), known, bar.update)
    for sentence in report.named:
        click.echo(f"{name}: {sentence}", err=True)
    if report.differing > len(report.named):
        click.echo(f"{name}: and {report.differing - len(report.named):,} more", err=True)
    words = f"{report.differing:,} differences" if report.differing else "all agrees"
    click.echo(
        f"{name}: {report.leaves:,} leaves, {report.tiles:,} tiles, {report.checkpoints:,} checkpoints, "
        f"root {report.root.hex()}: {words}"
    )
    return report.differing


@log_commands.command("seal")
@click.argument("name")
@with_appcontext
def seal(name: str) -> None:
    """Log what is committed and sign a checkpoint now. Exit codes: 0 done, 2 no such log, 3 refused."""
    try:
        count = seal_log(name)
    except DomainError as error:
        _refuse(error)
    click.echo(f"{name}: {count:,} leaves added")


@log_commands.command("add-key")
@click.argument("name")
@with_appcontext
def add_key(name: str) -> None:
    """Make one more key for a log; it signs beside the others from now on. Prints the verifier key last."""
    try:
        with transaction():
            verifier = services.add_key(open_log(name), keys_folder(), clock.now()).verifier
        seal_log(name)
    except DomainError as error:
        _refuse(error)
    click.echo(str(verifier))


@log_commands.command("adopt")
@click.argument("name")
@click.option(
    "--checkpoint", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint of the log that was kept elsewhere; without it the database's last one is believed.",
)  # fmt: skip
@with_appcontext
def adopt(name: str, file: Path | None) -> None:
    """Let keys that have no checkpoint beside them stand for one, after their files or the database were moved.

    Run the monitor first: from then on nothing is signed that this does not lead to. Exit codes: 0 done, 2 no such
    log, 3 refused.
    """
    try:
        note = None if file is None else file.read_text(encoding="utf-8", errors="replace")
        with transaction():
            checkpoint = services.adopt(open_log(name), keys_folder(), note, clock.now())
        seal_log(name)
    except DomainError as error:
        _refuse(error)
    except BadNote as error:
        click.echo(f"duikou: {error}", err=True)
        sys.exit(_REFUSED)
    click.echo(f"{name}: signs on from leaf {checkpoint.size:,}, root {checkpoint.root.hex()}")


@log_commands.command("end-key")
@click.argument("name")
@click.argument("key")
@with_appcontext
def end_key(name: str, key: str) -> None:
    """Let a log sign no more with KEY, the name of one of its keys; the key stays published."""
    try:
        with transaction():
            services.end_key(open_log(name), key, clock.now())
        seal_log(name)
    except DomainError as error:
        _refuse(error)
    click.echo(f"{name}: {key} signs no more")


def _refuse(error: DomainError) -> None:
    click.echo(f"duikou: {error.detail}", err=True)
    sys.exit(_NOTHING_SUCH if isinstance(error, registry.NoSuchLog) else _REFUSED)


@click.group("receipt")
def receipt_commands() -> None:
    """Check receipts of the transparency logs."""


@receipt_commands.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", "keys", multiple=True, required=True, metavar="KEY",
    help="The log's public key (name+id+key), or a file with one key a line.",
)  # fmt: skip
def verify_receipt(file: Path, keys: tuple[str, ...]) -> None:
    """Check FILE with the log's public key alone: no database, no network.

    Exit codes: 0 it proves what is printed, 1 it proves nothing, 2 the file or a key cannot be read.
    """
    try:
        known = [key for text in keys for key in _read_keys(text)]
        if file.stat().st_size > receipts.MAX_SIZE:
            raise BadReceipt("The file is too large for a receipt.")  # noqa: TRY301
        opened = receipts.open_receipt(file.read_text(encoding="utf-8"), known)
    except BadNote as error:
        click.echo(f"duikou: {error}", err=True)
        sys.exit(_NOTHING_SUCH)
    except (BadReceipt, UnicodeDecodeError) as error:
        click.echo(f"NOT VALID: {error}", err=True)
        sys.exit(_DIFFERS)
    click.echo(opened.entry)
    if opened.facts is not None:
        click.echo(opened.facts)
    checkpoint = opened.checkpoint
    names = ", ".join(key.name for key in opened.signed_by)
    click.echo(f"valid: leaf {opened.index} of {checkpoint.size} in {checkpoint.origin}, signed by {names}")


def _read_keys(text: str) -> list[VerifierKey]:
    """Read a key, or a file of keys; blank lines and lines that begin with ``#`` are passed over."""
    path = Path(text)
    try:
        told = path.read_text(encoding="utf-8") if path.is_file() else text
    except (OSError, UnicodeDecodeError) as error:
        message = f"{text} cannot be read."
        raise BadNote(message) from error
    lines = [line.strip() for line in told.splitlines()]
    return [VerifierKey.parse(line) for line in lines if line and not line.startswith("#")]
