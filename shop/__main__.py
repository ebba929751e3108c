"""``python -m shop`` is the ``duikou`` command.

``duikou up`` only starts other processes: it does not load the application, which would take as long as all the rest.
"""

import sys

if sys.argv[1:2] == ["up"]:
    from shop.runtime.up import run
else:
    from shop.cli import run

if __name__ == "__main__":
    run()
