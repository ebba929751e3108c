"""Several ``duikou`` commands in one process, as loading the application takes longer than most of them.

``python -m shop.runtime.prepare db upgrade , load reference``
"""

import sys
from collections.abc import Sequence
from itertools import groupby

from flask.cli import ScriptInfo

from shop.app import create_app
from shop.cli import main
from shop.runtime.up import THEN


def run(words: Sequence[str]) -> None:
    """Run the commands in ``words`` one after the other; the first that fails ends all."""
    app = create_app()
    for is_separator, command in groupby(words, THEN.__eq__):
        if not is_separator:
            main(list(command), prog_name="duikou", standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))


if __name__ == "__main__":
    run(sys.argv[1:])
