"""``python -m shop`` is the ``duikou`` command."""

from shop.cli import run

if __name__ == "__main__":
    run()
