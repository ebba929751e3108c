"""The shop's pages against the limits of the same server, in turns within one run.

Run with ``python -m bench.pages``. Ratios are of requests per second; beside them stands the server's CPU per
request, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg

from bench.catalogue import fill
from bench.load import Run, Server, press, serving
from shop.money import show_yuan
from tests.database import TestCluster

RESULTS = Path(__file__).parent / "results" / "pages.json"
LISTINGS, PAGES, DRAWS, SEED = 10_000, 1_000, 20_000, 2
CLOCK = "2026-07-15T12:00:00+08:00"
#: case -> what it is a share of, and the least it should be.
AIMS = {
    "null": ("bare", 0.45),
    "list": ("null", 0.45),
    "detail": ("null", 0.50),
    "zipf": ("null", 0.20),
}


def many_pages(connection: psycopg.Connection[Any]) -> list[str]:
    """Return ``PAGES`` different pages of the list: by county, category, province and key, in each order."""
    counties = [row[0] for row in connection.execute("SELECT code FROM assisted_counties ORDER BY code").fetchall()]
    groups = [f"{n:02d}" for n in range(1, 17)]
    provinces = sorted({code[:2] + "0000" for code in counties})
    found = ["/products", "/products?sort=price", "/products?sort=name"]
    found += [f"/products?category={group}" for group in groups]
    found += [f"/products?category={group}&sort={sort}" for group in groups for sort in ("price", "name")]
    found += [f"/products?province={province}" for province in provinces]
    found += [f"/products?category={group}&province={province}" for group in groups for province in provinces[:10]]
    found += [f"/products?county={county}" for county in counties]
    return found[:PAGES]


def draw(pages: Sequence[str]) -> list[str]:
    """Return addresses drawn by Zipf's law from a fixed seed: the n-th page with weight 1/n."""
    weights = [1 / (place + 1) for place in range(len(pages))]
    return random.Random(SEED).choices(pages, weights, k=DRAWS)


class PriceChanges:
    """Changes a price every second and asks at once whether list and listing show it."""

    def __init__(self, url: str, server: Server) -> None:
        self._url, self._server = url, server
        self._ended = threading.Event()
        self.changes, self.stale = 0, 0

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT listing_id, public_id, county_code FROM shop_cards ORDER BY listing_id DESC LIMIT 24"
            ).fetchall()
            while not self._ended.wait(1):
                listing, public_id, _county = rows[self.changes % len(rows)]
                price = 100_001 + self.changes
                connection.execute(
                    """UPDATE price_tiers SET price_fen = %s WHERE listing_id = %s AND min_quantity =
                       (SELECT min(min_quantity) FROM price_tiers WHERE listing_id = %s)""",
                    (price, listing, listing),
                )
                self.changes += 1
                for path in ("/products", f"/products/{public_id}"):
                    page = urllib.request.urlopen(self._server.address + path).read().decode()
                    self.stale += show_yuan(price) not in page

    @contextmanager
    def going_on(self) -> Iterator[PriceChanges]:
        self._ended.clear()
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()


def measure(url: str, rounds: int, seconds: float, listings: int) -> dict[str, Any]:
    """Fill the database, start the servers, press each case in turns, and return the figures."""
    with psycopg.connect(url, autocommit=True) as connection:
        fill(connection, listings)
        pages = many_pages(connection)
        public_id = connection.execute("SELECT public_id FROM shop_cards ORDER BY listing_id DESC LIMIT 1").fetchone()
    assert public_id is not None
    detail = f"/products/{public_id[0]}"
    env = {
        "DATABASE_URL": url,
        "BROKER_URL": "memory://",
        "SECRET_KEY": "bench" * 8,
        "CLOCK_START": CLOCK,
        "BENCH": "1",
    }
    with ExitStack() as stack:
        kept = stack.enter_context(serving("wsgi:app", "/healthz", env))
        size = len(urllib.request.urlopen(kept.address + "/products").read())
        made = stack.enter_context(serving("wsgi:app", "/healthz", {**env, "PAGE_CACHE": "0"}))
        bare = stack.enter_context(serving("bench.bare:app", "/bench/bare", {"BENCH_SIZE": str(size)}))
        cases: dict[str, tuple[Server, list[str]]] = {
            "bare": (bare, ["/bench/bare"]),
            "null": (kept, [f"/bench/null?size={size}"]),
            "list": (kept, ["/products"]),
            "detail": (kept, [detail]),
            "zipf": (kept, draw(pages)),
            "caches_off": (made, draw(pages)),
        }
        runs: dict[str, list[Run]] = {name: [] for name in cases}
        changes = PriceChanges(url, kept)
        for _ in range(rounds):
            for name, (server, paths) in cases.items():
                press(server, paths[:50], 1)
                with changes.going_on() if name == "zipf" else nullcontext():
                    runs[name].append(press(server, paths, seconds))
    return {"page_bytes": size, "price_changes": changes.changes, "stale": changes.stale, **_figures(runs)}


def _figures(runs: dict[str, list[Run]]) -> dict[str, Any]:
    speed = {name: [round(run.requests_per_s) for run in found] for name, found in runs.items()}
    cpu = {name: [round(run.cpu_us) for run in found] for name, found in runs.items()}
    ratios = {}
    for name, (limit, aim) in AIMS.items():
        shares = [mine / theirs for mine, theirs in zip(speed[name], speed[limit], strict=True)]
        ratios[f"{name} / {limit}"] = {
            "aim": aim,
            "median": round(statistics.median(shares), 3),
            "least": round(min(shares), 3),
            "most": round(max(shares), 3),
            "by_cpu": round(statistics.median(cpu[limit]) / statistics.median(cpu[name]), 3),
        }
    return {"requests_per_s": speed, "cpu_us_per_request": cpu, "ratios": ratios}


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--listings", type=int, default=LISTINGS)
    given = parser.parse_args()
    with TestCluster().running() as cluster, cluster.database() as url:
        began = time.monotonic()
        found = measure(url, given.rounds, given.seconds, given.listings)
    found |= {"listings": given.listings, "rounds": given.rounds, "took_s": round(time.monotonic() - began)}
    print(json.dumps(found, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
