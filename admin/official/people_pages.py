"""The page behind people helped: every report that the range is made of."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from admin.official import people, present
from admin.official.asking import read_asked
from orders.ledger import labels, questions
from orders.ledger.asking import named_filters
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.views import XLSX_TYPE, download
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.i18n import _
from shop.sheets import Cell

bp = Blueprint("people_pages", __name__, template_folder="../templates")
_PAGE = 50


def _address(params: dict[str, Any]) -> str:
    return url_for("people_pages.list_people", **params)


def _basis() -> str:
    basis = request.args.get("basis", "")
    return basis if basis in people.BASES else ""


@bp.get("/official/people")
@requires("totals:read")
def list_people(actor: Actor) -> str:
    """List who reported how many people, with the range that they make at the top."""
    asked, basis = read_asked(request.args, clock.today()), _basis()
    with sealed_snapshot():
        asked = asked.pinned(questions.resolve_as_of(asked.as_of))
        found = people.summary(actor, asked, basis)
        page = people.list_reports(actor, asked, basis, limit=_PAGE, cursor=request.args.get("cursor"))
        filters = named_filters({name: value for name, value in asked.filters if name in people.FOLLOWED})
    return render_template(
        "admin/official_people.html",
        asked=asked,
        basis=basis,
        found=found,
        page=page,
        filters=filters,
        is_bought=people.sees_by_purchases(actor),
        bases=people.BASES,
        ways=people.WAYS,
        titles=labels.TITLES,
        number_range=present.number_range,
        at=clock.now(),
        xlsx_args=asked.params(basis=basis),
        here_url=lambda **changes: _address(asked.params(basis=basis, **changes)),
    )


@bp.get("/official/people.xlsx")
@requires("totals:read")
def download_people(actor: Actor) -> Response:
    """Download the same reports as a workbook."""
    asked, basis = read_asked(request.args, clock.today()), _basis()
    with sealed_snapshot():
        asked = asked.pinned(questions.resolve_as_of(asked.as_of))
        rows = people.list_reports(actor, asked, basis, limit=people.MOST_ROWS).items
    titles, cells, total = people.reports_table(rows)
    about: list[tuple[str, Cell]] = [
        (_("起始年度"), asked.from_on.year), (_("截止年度"), asked.to_on.year), (_("截至序号"), asked.params()["as_of"]),
        *present.about_now(),
    ]  # fmt: skip
    book = sheets.write_xlsx(titles, cells, sheet=_("带动人口"), about=about, total=total)
    return download(book, "people.xlsx", XLSX_TYPE)
