"""Imports modules, or starts the application, each in an interpreter that has loaded nothing of ours.

One process loads the libraries, then forks for each task: fresh as far as our code goes, and quick.
Usage: ``python -m tests.fresh`` with one JSON document on stdin; it answers a JSON list of what failed.
"""

import importlib
import json
import os
import sys
import traceback


def attempt(task: dict[str, list[str]]) -> str:
    """Run one task in a child; return its traceback or ``""``."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            run(task)
            os._exit(0)
        except BaseException:  # noqa: BLE001  whatever it is, it is the answer
            os.write(writer, traceback.format_exc().encode()[-4000:])
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def run(task: dict[str, list[str]]) -> None:
    for name in task.get("modules", ()):
        importlib.import_module(name)
    if "features" in task:
        shop_app = importlib.import_module("shop.app")
        config = importlib.import_module("shop.config")
        settings = config.Settings(DATABASE_URL="postgresql+psycopg://none", BROKER_URL="memory://", SECRET_KEY="x")
        shop_app.create_app(settings, features=tuple(task["features"]))


def main() -> None:
    given = json.load(sys.stdin)
    for library in given["libraries"]:
        try:
            importlib.import_module(library)
        except ImportError:
            continue
    failed = [{"task": task, "said": said} for task in given["tasks"] if (said := attempt(task))]
    json.dump(failed, sys.stdout)


if __name__ == "__main__":
    main()
