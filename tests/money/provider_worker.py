"""A process that makes the calls to the provider and is killed while it does: ``python -m tests.money.provider_worker``.

It is started with the settings as JSON, starts the application once, and forks a child for every line on its standard
input, so that the next one is there in no time. It answers with the child's process id, and with its end.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

from flask import Flask

from orders.online import performing, reconciling
from shop import clock
from shop.app import create_app
from shop.db import transaction
from shop.outbox import services as outbox
from tests.conftest import make_settings


def deliver() -> int:
    """Run the deliveries that wait."""
    with transaction():
        claimed = outbox.claim_deliveries(clock.real_now())
    for event_id, subscriber in claimed:
        with transaction():
            outbox.run_delivery(event_id, subscriber, clock.real_now())
    return len(claimed)


def work(app: Flask, what: str) -> None:
    """Do everything that waits; ``look`` also asks the provider what nobody told us."""
    with app.app_context():
        while performing.perform_all() + deliver():
            pass
        if what == "look":
            reconciling.look(timedelta(hours=3))
            while performing.perform_all() + deliver():
                pass


def main() -> None:
    given = json.loads(sys.argv[1])
    app = create_app(
        make_settings(given.pop("url"), **{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
    )
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                work(app, line.strip())
                os._exit(0)
            except BaseException as error:  # noqa: BLE001  whatever it is, the parent is told by the code
                sys.stderr.write(f"{error!r}\n")
                os._exit(1)
        print(child, flush=True)  # noqa: T201  the way to the parent
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  the same


if __name__ == "__main__":
    main()
