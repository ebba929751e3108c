"""Journal, postings, dimensions, seals, rollups, periods and claims."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, Xid8, no_overlap
from shop.identity.models import one_of

MEASURES = ("contracted", "ordered", "accepted", "paid", "counted")
CHANNELS = ("shop", "contract", "live", "hall", "filing", "832")
MODES = ("direct", "helped")
PARTNER_LEVELS = ("own", "province", "other_east", "elsewhere")
FUND_SOURCES = ("canteen", "union", "personal", "other")
KINDS = ("farm", "handicraft", "service")


class CountingRule(Dated, Base):
    """Under which rule a sale counts; frozen on each line at placing."""

    __tablename__ = "counting_rules"

    version: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str]
    #: Completed also asks for an evaluation.
    needs_evaluation: Mapped[bool] = mapped_column(server_default="false")

    __table_args__ = (no_overlap("counting_rules"),)


class LedgerDimension(Base):
    """Everything a counted fen carries; one immutable row per order line or filing line."""

    __tablename__ = "ledger_dimensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The order line, opaque here.
    line_id: Mapped[int | None] = mapped_column(unique=True)
    order_id: Mapped[int | None] = mapped_column(index=True)
    filing_line_id: Mapped[int | None] = mapped_column(unique=True)
    filing_id: Mapped[int | None] = mapped_column(index=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"))
    prefecture_code: Mapped[str | None]
    province_code: Mapped[str]
    product_id: Mapped[int | None]
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    kind: Mapped[str] = mapped_column(server_default="farm")
    eligibility_id: Mapped[int | None]
    eligibility_scheme: Mapped[str | None]
    #: Organisations; a filing may name a seller or buyer that is not registered.
    producer_id: Mapped[int | None]
    seller_name: Mapped[str] = mapped_column(server_default="")
    buyer_id: Mapped[int | None]
    buyer_name: Mapped[str] = mapped_column(server_default="")
    buyer_division_code: Mapped[str]
    finance_division_code: Mapped[str]
    unit_id: Mapped[int | None]
    fund_source: Mapped[str | None]
    mode: Mapped[str]
    helper_name: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str]
    partner_level: Mapped[str]
    pairing_id: Mapped[int | None] = mapped_column(ForeignKey("pairings.id"))
    rule_version: Mapped[int] = mapped_column(ForeignKey("counting_rules.version"))
    #: False: traded, accepted and paid are kept, but nothing of it ever counts.
    counts: Mapped[bool]
    not_counted_reason: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        CheckConstraint("(line_id IS NULL) <> (filing_line_id IS NULL)", name="one_source"),
        one_of("mode", MODES),
        one_of("channel", CHANNELS),
        one_of("partner_level", PARTNER_LEVELS),
        CheckConstraint("fund_source IN ('canteen','union','personal','other')", name="fund_source"),
        Index("ix_ledger_dimensions_county", "county_code"),
        Index("ix_ledger_dimensions_buyer", "buyer_id"),
        Index("ix_ledger_dimensions_producer", "producer_id"),
    )


class LedgerAccount(Base):
    """An account of one of the books, of one owner."""

    __tablename__ = "ledger_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str]
    #: Money: ``buyer_receivable``, ``bank_supervised``, ``stripe_cash``, ``stripe_disputed``, ``operator_bank``,
    #: ``paid_direct``, ``producer_payable``, ``refund_payable``, ``fees``, ``dispute_hold``, ``buyer_credit``, ``fx``,
    #: ``bank_moving``.
    #: Statistics: ``buyer``, ``county``.
    kind: Mapped[str]
    #: ``org:<id>``, ``county:<code>``, ``walk_in:<channel>``, ``name:<sha256>`` or ``platform``.
    owner: Mapped[str]

    __table_args__ = (one_of("book", ("money", "stats")), UniqueConstraint("book", "kind", "owner"))


class JournalEntry(Base):
    """One business fact in the books; append-only."""

    __tablename__ = "journal_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The fact, unique: ``order:12:move:99``.
    key: Mapped[str] = mapped_column(unique=True)
    #: ``order_placed``, ``goods_accepted``, ``receipt_confirmed`` ...
    fact: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(index=True)
    filing_id: Mapped[int | None] = mapped_column(index=True)
    user_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))

    __table_args__ = (Index("ix_journal_entries_xid", "xid"),)


class Posting(Base):
    """One row that balances by itself: debit, credit, amount; append-only."""

    __tablename__ = "postings"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"))
    book: Mapped[str]
    #: Statistics only.
    measure: Mapped[str | None]
    debit_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    credit_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    amount_fen: Mapped[int]
    dimension_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_dimensions.id"))
    order_id: Mapped[int | None]
    #: The Shanghai day it is counted on: always in a period open when it was posted.
    business_on: Mapped[date]
    #: The day it happened; differs when that day's period was closed.
    origin_on: Mapped[date]

    __table_args__ = (
        one_of("book", ("money", "stats")),
        CheckConstraint("amount_fen <> 0 AND debit_id <> credit_id", name="moves_something"),
        CheckConstraint(
            "(book = 'stats') = (measure IS NOT NULL AND dimension_id IS NOT NULL)", name="measure_of_stats"
        ),
        CheckConstraint("book = 'stats' OR amount_fen > 0", name="money_positive"),
        CheckConstraint("measure IN ('contracted','ordered','accepted','paid','counted')", name="measure"),
        # Money has no measure and nulls differ, so it also finds an entry's postings of both books.
        # A fact may count on several days: what was accepted in parts is paid for by one transfer.
        Index("uq_postings_fact_day", "entry_id", "measure", "dimension_id", "origin_on", unique=True),
        Index("ix_postings_dimension", "dimension_id", "measure"),
        Index("ix_postings_day", "measure", "business_on", postgresql_where=text("book = 'stats'")),
        Index("ix_postings_order", "order_id", postgresql_where=text("book = 'money'")),
        Index("ix_postings_money_day", "origin_on", postgresql_where=text("book = 'money'")),
        # A statement reads one owner's accounts from a day to a day.
        Index("ix_postings_debit", "debit_id", "business_on", postgresql_where=text("book = 'money'")),
        Index("ix_postings_credit", "credit_id", "business_on", postgresql_where=text("book = 'money'")),
    )


class Seal(Base):
    """The gapless order of committed entries; insert-only."""

    __tablename__ = "ledger_seals"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"), unique=True)
    #: SHA-256 of 0x00 and the entry's canonical bytes (RFC 9162 leaf).
    leaf: Mapped[bytes]
    sealed_at: Mapped[datetime]

    __table_args__ = (Index("ix_ledger_seals_sealed_at", "sealed_at"),)


class SealMark(Base):
    """Where the next seal begins: one row. Every entry with a smaller ``xid`` is sealed."""

    __tablename__ = "ledger_seal_marks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    xid: Mapped[int] = mapped_column(Xid8, server_default=FetchedValue())
    seq: Mapped[int]


class Rollup(Base):
    """A cell of a listed grain: a cache of sealed postings that never decides."""

    __tablename__ = "ledger_rollups"

    grain: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    bucket_on: Mapped[date] = mapped_column(primary_key=True)
    k1: Mapped[str] = mapped_column(primary_key=True)
    k2: Mapped[str] = mapped_column(primary_key=True, server_default="")
    k3: Mapped[str] = mapped_column(primary_key=True, server_default="")
    amount_fen: Mapped[int]


class AccountBalance(Base):
    """Sums of an account's sealed postings: a cache that never decides."""

    __tablename__ = "ledger_balances"

    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), primary_key=True, autoincrement=False)
    #: ``money`` or the measure.
    measure: Mapped[str] = mapped_column(primary_key=True)
    debit_fen: Mapped[int]
    credit_fen: Mapped[int]


class Period(Base):
    """A month of the books, open until it is closed; closes chain by hash."""

    __tablename__ = "ledger_periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(unique=True)
    ends_on: Mapped[date]
    closed_at: Mapped[datetime | None]
    closed_seq: Mapped[int | None]
    control_total_fen: Mapped[int | None]
    sha256: Mapped[str | None]
    previous_sha256: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="dates"),
        CheckConstraint("(closed_at IS NULL) = (closed_seq IS NULL AND sha256 IS NULL)", name="closed"),
    )


class ClaimScheme(Base):
    """A scheme that may claim sales: reserved share, pairing, fixed-point assistance, union, subsidy."""

    __tablename__ = "claim_schemes"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    #: ``once``: a sale at most once in the scheme; ``share``: shares that add up to at most the sale.
    uniqueness: Mapped[str]

    __table_args__ = (one_of("uniqueness", ("once", "share")),)


class Claim(PublicId, Base):
    """A scheme's share of a sale fact."""

    __tablename__ = "claims"

    scheme: Mapped[str] = mapped_column(ForeignKey("claim_schemes.code"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("ledger_dimensions.id"), index=True)
    claimant_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    #: Copied from the scheme, so that the index below can ask for it.
    uniqueness: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        Index(
            "uq_claims_once",
            "scheme",
            "dimension_id",
            unique=True,
            postgresql_where=text("uniqueness = 'once' AND withdrawn_at IS NULL"),
        ),
    )
