"""Runs the measurements named, or all but the giant: ``python -m bench pages totals``."""

from __future__ import annotations

import runpy
import sys

PARTS = ("pages", "placing", "totals", "statements", "capture")
#: Fills 30 GB first: only by name.
GIANT = ("trace",)


def main() -> None:
    """Run each part as its own program, with its own defaults."""
    asked = sys.argv[1:] or list(PARTS)
    known = (*PARTS, *GIANT)
    unknown = [name for name in asked if name not in known]
    if unknown:
        sys.exit(f"No such measurement: {', '.join(unknown)}. There are: {', '.join(known)}.")
    for name in asked:
        print(f"--- {name}", flush=True)
        sys.argv = [f"bench.{name}"]
        runpy.run_module(f"bench.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
