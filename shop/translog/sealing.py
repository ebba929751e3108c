"""Bringing a log up to date: leaves and checkpoint in short transactions of their own, after the business has committed.

An entry point: the job, the command and whoever hands out a receipt call it outside transactions.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from shop import clock
from shop.db import transaction
from shop.translog import registry, services
from shop.translog.models import Log


def seal_log(name: str) -> int:
    """Log everything that is committed, sign the root, and return how many leaves were added.

    A process that ends between the two leaves leaves that the next call signs.

    :raises NoSuchLog: if no package has named such a log.
    """
    source = registry.get_source(name)
    source.prepare()
    total = 0
    while True:
        with transaction():
            done = services.append(open_log(name), source, clock.now())
        total += done.count
        if not done.more:
            break
    with transaction():
        services.sign(open_log(name), keys_folder(), clock.now())
    return total


def open_log(name: str) -> Log:
    """Return a log, made if this is the first time; inside a transaction.

    :raises NoSuchLog: if no package has named such a log.
    """
    registry.get_source(name)
    return services.open_log(name, origin_of(name), clock.now())


def origin_of(name: str) -> str:
    """Return the origin that a log gets if it is made now."""
    return f"{urlsplit(current_app.config['BASE_URL']).netloc}/log/{name}"


def keys_folder() -> Path:
    """Return the folder of private keys."""
    return Path(current_app.config["LOG_KEYS"] or Path(current_app.config["DATA_DIR"]) / "log-keys")
