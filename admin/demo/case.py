"""The published case told as filings: entered and submitted by one person of the county, confirmed by another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from admin.demo import jingyuan
from admin.demo.plan import draw
from admin.demo.stage import Act, Stage, working_time
from admin.demo.story import Step
from orders.ledger.filings import decisions, services
from orders.ledger.filings.drafts import DocumentDraft, FilingDraft, KeyDraft, LineDraft
from shop.files import services as files

_COUNTY = f"authority:{jingyuan.COUNTY}"
_HELPER = "天津市和平区消费帮扶专班"
_PDF = (
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F<</Type/Font"
    "/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length {length}>>stream\n{stream}\nendstream endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF\n"
)


def first_steps() -> list[Step]:
    """Return the beginning of each filing: a day or so after its last sale."""
    made = []
    for number, filing in enumerate(jingyuan.filings(), start=1):
        day = datetime(filing.sold_to.year, filing.sold_to.month, filing.sold_to.day, 1, 0, tzinfo=UTC)
        at = working_time(day + timedelta(hours=number % 7), draw(number, "case"))
        made.append(Step(at, f"case:{number}", "file", {"number": number}))
    return made


def _paper(number: int) -> bytes:
    """Return a page that says it is a demo, as evidence."""
    stream = f"BT /F 18 Tf 72 760 Td (Duikou demo evidence {number:03d}) Tj ET"
    return _PDF.replace("{length}", str(len(stream))).replace("{stream}", stream).encode("ascii")


def _line(line: jingyuan.CaseLine) -> LineDraft:
    """Return a line with its place in the directory of that time, which the demo has no copy of."""
    return LineDraft(
        line.category_code, line.product_name, line.amount_fen, eligibility_scheme="national_directory",
        eligibility_number=f"演示{jingyuan.COUNTY}{line.category_code}",
    )  # fmt: skip


def file_sale(stage: Stage, step: Step) -> list[Step]:
    """Enter a sale with its paper and submit it."""
    number = int(step.memory["number"])
    sale = jingyuan.filings()[number - 1]
    cast = stage.world.cast
    seller, buyer = cast.organisations[f"case_seller:{sale.seller}"], cast.organisations[f"case_buyer:{sale.buyer}"]
    clerk = cast.first(_COUNTY)
    stored = files.store(_paper(number), f"演示凭证{number:03d}.pdf", clerk)
    draft = FilingDraft(
        county_code=jingyuan.COUNTY, buyer_name=buyer.name, buyer_division_code=buyer.division_code, mode="helped",
        sold_from=sale.sold_from, sold_to=sale.sold_to,
        lines=tuple(_line(line) for line in sale.lines),
        seller_name=seller.name, seller_credit_code=seller.credit_code, buyer_credit_code=buyer.credit_code,
        helper_name=_HELPER, note="公开报道的合计数为2624万元；各企业、各月的拆分为演示数据。",
        keys=(KeyDraft("contract", f"YS-JY-{number:03d}"),), documents=(DocumentDraft(stored.public_id, "contract"),),
        is_demo=True,
    )  # fmt: skip
    filing = services.create_filing(draft, clerk, at=step.at)
    services.submit_filing(filing.public_id, clerk, at=step.at)
    at = working_time(step.at + timedelta(hours=5), draw(number, "confirm"))
    if at.date() > jingyuan.LAST_DAY and step.at.date() <= jingyuan.LAST_DAY:
        at = step.at + timedelta(minutes=30)
    return [Step(at, step.thread, "count", {**step.memory, "filing": str(filing.public_id)})]


def count(stage: Stage, step: Step) -> list[Step]:
    """Confirm as the second person; the county's total moves by exactly the filing."""
    decisions.confirm_filing(UUID(step.memory["filing"]), stage.world.cast.second(_COUNTY), at=step.at)
    return []


ACTS: dict[str, Act] = {"file": file_sale, "count": count}
