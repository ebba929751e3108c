"""Which values events have is kept once for who wrote them and where, so that lists of values read no events."""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep them as events come, then gather those that are there: what comes in between is kept by then."""
    op.create_table(
        "trace_values",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "organisation_id", "county_code", name=op.f("pk_trace_values")),
    )
    op.create_index("ix_trace_values_own", "trace_values", ["kind", "organisation_id", "value"])
    op.execute(
        _KEEP.format(
            name="trace_keep_values", source="added e CROSS JOIN LATERAL (VALUES (e.county_code)) c (county_code)"
        )
    )
    op.execute(
        _KEEP.format(name="trace_keep_values_of_county", source="added c JOIN trace_events e ON e.id = c.event_id")
    )
    for table, function in _TRIGGERS.items():
        op.execute(f"""
            CREATE TRIGGER {table}_values AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION {function}()""")
    op.execute(_FILL)
    with op.get_context().autocommit_block():  # captures go on meanwhile
        op.execute("SELECT trace_fill_values()")


def downgrade() -> None:
    """Drop them."""
    for table, function in _TRIGGERS.items():
        op.execute(f"DROP TRIGGER {table}_values ON {table}")
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION trace_fill_values()")
    op.drop_table("trace_values")


_TRIGGERS = {"trace_events": "trace_keep_values", "trace_event_counties": "trace_keep_values_of_county"}
_PAIRS = """(VALUES ('type', e.type), ('biz_step', e.biz_step), ('disposition', e.disposition),
                   ('read_point', e.read_point), ('biz_location', e.biz_location)) v (kind, value)"""
#: In one order, so that two who bring the same values wait for each other and never in a circle.
_KEEP = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO trace_values (kind, value, organisation_id, county_code)
        SELECT n.* FROM (
            SELECT DISTINCT v.kind, v.value COLLATE "C" AS value, e.organisation_id, c.county_code
            FROM {source} CROSS JOIN LATERAL """ + _PAIRS + """ WHERE v.value IS NOT NULL) n
        WHERE NOT EXISTS (
            SELECT FROM trace_values k WHERE k.kind = n.kind AND k.value = n.value
              AND k.organisation_id = n.organisation_id AND k.county_code = n.county_code)
        ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$"""  # fmt: skip
_FILL = f"""
    CREATE FUNCTION trace_fill_values() RETURNS void LANGUAGE sql AS $$
        INSERT INTO trace_values (kind, value, organisation_id, county_code)
        SELECT DISTINCT v.kind, v.value, e.organisation_id, e.county_code
        FROM trace_events e CROSS JOIN LATERAL {_PAIRS} WHERE v.value IS NOT NULL ON CONFLICT DO NOTHING;
        INSERT INTO trace_values (kind, value, organisation_id, county_code)
        SELECT DISTINCT v.kind, v.value, e.organisation_id, c.county_code
        FROM trace_event_counties c JOIN trace_events e ON e.id = c.event_id CROSS JOIN LATERAL {_PAIRS}
        WHERE v.value IS NOT NULL ON CONFLICT DO NOTHING
    $$"""
