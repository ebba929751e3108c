"""Eligibility bases and quality certificates, kept apart."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

#: 认定依据: national directory (to Nov 2021), county recommendation with origin (832), county list,
#: the association's 消费帮扶产品认定 (since 2024).
ELIGIBILITY_SCHEMES = ("national_directory", "county_recommendation", "county_list", "association")
#: 绿色食品, 有机, 地理标志, 圳品, 菜篮子 base.
CERTIFICATE_SCHEMES = ("green_food", "organic", "geographical_indication", "shenzhen_product", "vegetable_basket")
#: ``revoked`` was in force up to ``valid_to``; ``annulled`` never was, as was found out later.
PAPER_STATUSES = ("pending", "in_force", "refused", "revoked", "annulled", "withdrawn")


class EligibilityBasis(PublicId, Dated, Base):
    """What makes the sale of a product count as assistance, by scheme and date.

    In force on a day: status ``in_force`` (or ``revoked`` with ``valid_to`` cut) and the day within the dates.
    """

    __tablename__ = "eligibility_bases"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    scheme: Mapped[str]
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"), index=True)
    issuer: Mapped[str]
    number: Mapped[str]
    status: Mapped[str]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: When it was handed in; how long it waits is counted from here.
    recorded_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("scheme", ELIGIBILITY_SCHEMES),
        one_of("status", PAPER_STATUSES),
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="dates"),
        CheckConstraint("recorded_by IS NULL OR decided_by IS NULL OR recorded_by <> decided_by", name="two_persons"),
        no_overlap("eligibility_bases", "product_id", "scheme", where="status IN ('in_force','revoked')"),
        Index("ix_eligibility_bases_product_id", "product_id"),
        Index("ix_eligibility_bases_pending", "id", postgresql_where=text("status = 'pending'")),
    )


class Certificate(PublicId, Dated, Base):
    """A quality certificate: it sells goods, it never makes a sale count."""

    __tablename__ = "certificates"

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    #: ``None``: of the producer or its base, not of one product.
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    scheme: Mapped[str]
    issuer: Mapped[str]
    number: Mapped[str]
    #: What it covers, in the certificate's words.
    scope: Mapped[str]
    status: Mapped[str]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: When it was handed in; how long it waits is counted from here.
    recorded_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("scheme", CERTIFICATE_SCHEMES),
        one_of("status", PAPER_STATUSES),
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="dates"),
        CheckConstraint("recorded_by IS NULL OR decided_by IS NULL OR recorded_by <> decided_by", name="two_persons"),
        no_overlap(
            "certificates", "scheme", "number", "coalesce(product_id, 0)", where="status IN ('in_force','revoked')"
        ),
        Index("ix_certificates_pending", "id", postgresql_where=text("status = 'pending'")),
    )


class PaperRevocation(PublicId, Base):
    """Somebody proposes that a paper does not hold from a day on, even a past one; another person decides."""

    __tablename__ = "paper_revocations"

    eligibility_id: Mapped[int | None] = mapped_column(ForeignKey("eligibility_bases.id"), index=True)
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificates.id"), index=True)
    #: The first day on which the paper does not hold.
    from_on: Mapped[date]
    reason: Mapped[str]
    #: ``proposed``, ``confirmed`` or ``refused``.
    status: Mapped[str]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        CheckConstraint("(eligibility_id IS NULL) <> (certificate_id IS NULL)", name="one_paper"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        one_of("status", ("proposed", "confirmed", "refused")),
        Index(
            "uq_paper_revocations_eligibility",
            "eligibility_id",
            unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
        Index(
            "uq_paper_revocations_certificate",
            "certificate_id",
            unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
    )
