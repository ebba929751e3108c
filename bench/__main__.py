"""Runs the measurements named, or all of them: ``python -m bench pages totals``."""

from __future__ import annotations

import runpy
import sys

PARTS = ("pages", "placing", "totals", "statements", "trace")


def main() -> None:
    """Run each part as its own program, with its own defaults."""
    asked = sys.argv[1:] or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        sys.exit(f"No such measurement: {', '.join(unknown)}. There are: {', '.join(PARTS)}.")
    for name in asked:
        print(f"--- {name}", flush=True)
        sys.argv = [f"bench.{name}"]
        runpy.run_module(f"bench.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
