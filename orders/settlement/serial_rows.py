"""What a person pastes from the bank's list: a transfer's number and its serial number on each row."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from shop.errors import Invalid
from shop.etag import VersionChanged
from shop.i18n import _
from shop.typed import fold


class BadRow(Invalid):
    """A pasted row names no payout of the run, or no serial number."""

    code = "bad-payout-row"


def read_serials(pasted: str, known: Mapping[str, UUID]) -> list[tuple[UUID, str]]:
    """Return which transfers have which serial numbers; one without a serial number is not paid yet.

    :param known: the transfers that may be named, by their numbers.
    :raises BadRow: naming the row that cannot be read.
    """
    found = []
    for n, line in enumerate(pasted.splitlines(), 1):
        parts = fold(line).replace(",", " ").split()
        if not parts or parts in ([number] for number in known):
            continue  # the page names every transfer
        if len(parts) != 2 or parts[0] not in known:  # noqa: PLR2004  number and serial
            raise BadRow(_("第 %(row)s 行须是本批的付款编号和银行流水号。", row=n), row=n)
        found.append((known[parts[0]], parts[1]))
    if not found:
        raise BadRow(_("请在付款编号后填写银行流水号。"), row=1)
    return found


def require_seen(seen: str, count: int, amount_fen: int) -> None:
    """Ask that what was moved is what the page had shown: a run may still be growing.

    :raises VersionChanged: if it is not; then nothing is moved.
    """
    if seen != f"{count}:{amount_fen}":
        raise VersionChanged(_("付款单有变化，请核对刷新后的笔数和金额再办理。"))
