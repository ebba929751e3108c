"""The published case as filings: nine Jingyuan companies sold to eleven Tianjin companies, 26.24 m yuan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from shop.money import split

COUNTY = "620421"
TOTAL_FEN = 26_240_000_00
PEOPLE_HELPED = 1_500
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2020, 7, 13)
SELLERS = 9
BUYERS = 11
#: Category, product and share of the sum in hundredths.
GOODS = (("0605", "靖远枸杞", 46), ("0802", "靖远羊羔肉", 38), ("0604", "靖远小口大枣", 16))
_SEED = 20200713


@dataclass(frozen=True)
class CaseLine:
    """One kind of goods in a filing."""

    category_code: str
    product_name: str
    amount_fen: int


@dataclass(frozen=True)
class CaseFiling:
    """A sale of one of the nine to one of the eleven; ``seller`` and ``buyer`` count from 0."""

    seller: int
    buyer: int
    sold_from: date
    sold_to: date
    lines: tuple[CaseLine, ...]
    people_helped: int

    @property
    def amount_fen(self) -> int:
        """The sum of the lines in fen."""
        return sum(line.amount_fen for line in self.lines)


def filings() -> list[CaseFiling]:
    """Return the filings in order of their last day; they add up to exactly :data:`TOTAL_FEN`.

    The published figure is the sum alone; how it splits over firms and months is made up, and says so.
    """
    rng = Random(_SEED)  # noqa: S311  a story, not a secret
    pairs = [(n % SELLERS, n % BUYERS) for n in range(3 * BUYERS)]
    weights = [rng.randint(40, 160) for _ in pairs]
    amounts = [part * 100 for part in split(TOTAL_FEN // 100, weights)]
    people = split(PEOPLE_HELPED, weights)
    span = (LAST_DAY - FIRST_DAY).days
    made = []
    for place, (seller, buyer) in enumerate(pairs):
        end = LAST_DAY - timedelta(days=span - span * (place + 1) // len(pairs))
        begin = max(FIRST_DAY, end - timedelta(days=rng.randint(5, 25)))
        kinds = GOODS if place % 4 == 0 else (GOODS[place % 3],)
        parts = split(amounts[place] // 100, [share for _, _, share in kinds])
        lines = tuple(
            CaseLine(code, name, part * 100) for (code, name, _), part in zip(kinds, parts, strict=True) if part
        )
        made.append(CaseFiling(seller, buyer, begin, end, lines, people[place]))
    return made
