"""Filings name their numbers and hold them only while submitted or confirmed; numbers are compared without signs and width."""

import json
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

_SERIAL = "upper(regexp_replace(bank_serial, '[^0-9A-Za-z]', '', 'g'))"
_INDEXES = (
    ("ix_payments_serial", "payments", [sa.text(_SERIAL)], "status = 'confirmed' AND rail = 'bank'"),
    ("ix_payments_evidence_file_id", "payments", ["evidence_file_id"], "evidence_file_id IS NOT NULL"),
    ("ix_invoices_file_id", "invoices", ["file_id"], "file_id IS NOT NULL"),
    ("ix_filing_documents_file_id", "filing_documents", ["file_id"], None),
)


def upgrade() -> None:
    """Keep what each filing names, compare numbers anew, and let drafts and refused filings hold none.

    Where two filings turn out to name one number each keeps it as it was written: ``duikou verify`` tells of both.
    """
    # First, because it commits what stands before it: a migration that fails afterwards can be run again.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # building beside others waits for all who are there
        for name, table, columns, where in _INDEXES:
            op.create_index(
                name, table, columns, postgresql_where=sa.text(where) if where else None, postgresql_concurrently=True,
                if_not_exists=True,
            )  # fmt: skip
        op.execute("RESET lock_timeout")
    op.add_column("filings", sa.Column("numbers", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    _fold(op.get_bind())
    op.execute("""
        UPDATE filings f SET numbers = k.numbers
        FROM (SELECT filing_id, jsonb_agg(jsonb_build_array(kind, key) ORDER BY kind, key) AS numbers
              FROM filing_keys GROUP BY filing_id) k WHERE k.filing_id = f.id""")
    op.execute("""
        DELETE FROM filing_keys k USING filings f WHERE f.id = k.filing_id AND f.status IN ('draft', 'refused')""")


def _fold(connection: sa.Connection) -> None:
    """Write contracts' and serials' numbers as they are compared now, unless another filing has that one."""
    rows = connection.execute(
        sa.text("SELECT kind, key, filing_id FROM filing_keys WHERE kind <> 'invoice' ORDER BY filing_id, kind, key")
    ).all()
    taken = {(kind, key) for kind, key, _filing in rows}
    changes = []
    for kind, key, filing in rows:
        folded = "".join(each for each in unicodedata.normalize("NFKC", key).upper() if each.isalnum())
        if folded and folded != key and (kind, folded) not in taken:
            taken.add((kind, folded))
            changes.append({"kind": kind, "old": key, "new": folded, "filing": filing})
    connection.execute(
        sa.text("""
            UPDATE filing_keys k SET key = c.new FROM jsonb_to_recordset(cast(:changes AS jsonb))
              AS c(kind text, old text, new text, filing bigint)
            WHERE k.kind = c.kind AND k.key = c.old AND k.filing_id = c.filing"""),
        {"changes": json.dumps(changes)},
    )


def downgrade() -> None:
    """Let drafts and refused filings hold their numbers again, where nobody has taken these since."""
    op.execute("""
        INSERT INTO filing_keys (kind, key, filing_id)
        SELECT n ->> 0, n ->> 1, f.id FROM filings f CROSS JOIN LATERAL jsonb_array_elements(f.numbers) n
        WHERE f.status IN ('draft', 'refused') ON CONFLICT DO NOTHING""")
    op.drop_column("filings", "numbers")
    with op.get_context().autocommit_block():
        for name, table, _columns, _where in _INDEXES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
