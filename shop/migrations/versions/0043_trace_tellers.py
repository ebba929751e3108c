"""Who may tell of goods: their owner, who acts for it, who was given them, and the market itself."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

#: Whose goods an identifier names, by the 14 digits of a GTIN or of the platform's own numbering; nothing if nobody's.
_OWNER = r"""
    CREATE FUNCTION trace_owner(uri text) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT p.producer_id FROM skus k JOIN products p ON p.id = k.product_id
        WHERE uri LIKE 'https://id.gs1.org/01/%' AND k.gtin = substr(uri, 23, 14)
        UNION ALL
        SELECT p.producer_id FROM skus k JOIN products p ON p.id = k.product_id
        WHERE k.id = CASE WHEN uri ~ '^https://id\.gs1\.org/01/004[0-8][0-9]{10}' THEN substr(uri, 26, 10)::bigint END
        UNION ALL
        SELECT p.producer_id FROM products p
        WHERE p.id = CASE WHEN uri ~ '^https://id\.gs1\.org/01/0049[0-9]{10}' THEN substr(uri, 27, 9)::bigint END
        LIMIT 1
    $$"""
#: A mandate that has ended does not take back what was told under it: whether it was in force is asked at capture.
_IS_MAKER = """
    CREATE FUNCTION trace_is_maker(writer bigint, epc bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT o.owner = writer
               OR EXISTS (SELECT FROM agent_mandates m WHERE m.producer_id = o.owner AND m.agent_id = writer)
        FROM trace_epcs e CROSS JOIN LATERAL (SELECT trace_owner(e.uri)) AS o (owner) WHERE e.id = epc
    $$"""
_MAY_TELL = """
    CREATE FUNCTION trace_may_tell(writer bigint, epc bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT CASE WHEN EXISTS (
            SELECT FROM trace_grants t WHERE t.epc_id = trace_may_tell.epc AND t.organisation_id = trace_may_tell.writer
        ) OR EXISTS (
            SELECT FROM trace_epcs e JOIN trace_epcs g ON g.uri = substr(e.uri, 1, 36)
            JOIN trace_grants t ON t.epc_id = g.id AND t.organisation_id = trace_may_tell.writer
            WHERE e.id = trace_may_tell.epc AND e.uri LIKE 'https://id.gs1.org/01/%'
        ) THEN true ELSE trace_is_maker(writer, epc) END
    $$"""
#: Somebody who may tell of the goods has named them.
_IS_RECORDED = """
    CREATE FUNCTION trace_is_recorded(uri text) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
            SELECT FROM trace_epcs e JOIN trace_event_epcs x ON x.epc_id = e.id JOIN trace_events v ON v.id = x.event_id
            WHERE e.uri = trace_is_recorded.uri AND trace_may_tell(v.organisation_id, e.id) IS NOT FALSE)
    $$"""


def upgrade() -> None:
    """Tell the market's own events from captured ones, and create the functions."""
    op.add_column("trace_events", sa.Column("is_market", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _mark_those_there()
    for function in (_OWNER, _IS_MAKER, _MAY_TELL, _IS_RECORDED):
        op.execute(function)


def downgrade() -> None:
    """Drop them."""
    signatures = (
        "trace_is_recorded(text)", "trace_may_tell(bigint, bigint)", "trace_is_maker(bigint, bigint)", "trace_owner(text)",
    )  # fmt: skip
    for signature in signatures:
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_column("trace_events", "is_market")


def _mark_those_there() -> None:
    """Mark the market's own events: of no job, and with contexts beside the event, which one captured alone has not."""
    op.execute("ALTER TABLE trace_events DISABLE TRIGGER trace_events_append_only")
    op.execute("""
        UPDATE trace_events e SET is_market = true FROM trace_contexts x
        WHERE x.id = e.context_id AND e.job_id IS NULL
          AND x.contexts = '["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]'::jsonb""")
    op.execute("ALTER TABLE trace_events ENABLE ALWAYS TRIGGER trace_events_append_only")
