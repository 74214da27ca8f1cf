"""Entry: numbers, schedules, calendars, lists."""

from __future__ import annotations

import re
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OLD = ("tenant", "kind", "number", "priority", "name", "reason", "added_at", "expires_at")
META = sa.table("meta", sa.column("key", sa.Text()), sa.column("value", sa.Text()))
COUNTERS = ("entry_version", "lists_version")
MOBILE = re.compile(r"(?:\+86|0086)?(1[3-9][0-9]{9})")


def upgrade() -> None:
    op.create_table(
        "numbers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("lists", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_numbers_tenants"),
        sa.PrimaryKeyConstraint("tenant", "number", name="pk_numbers"),
        sa.UniqueConstraint("number", name="uq_numbers_number"),
    )
    op.create_table(
        "schedules",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_schedules_tenants"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_schedules"),
    )
    op.create_table(
        "calendars",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_calendars_tenants"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_calendars"),
    )
    op.create_table(
        "calendar_days",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "calendar"],
            ["calendars.tenant", "calendars.name"],
            name="fk_calendar_days_calendars",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "calendar", "day", name="pk_calendar_days"),
    )
    op.create_table(
        "list_removals",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_list_removals_tenants"),
        sa.PrimaryKeyConstraint("tenant", "revision", "kind", "match", "number", name="pk_list_removals"),
    )
    # Both counters are there from the beginning, so that the first two edits at once stand in line too.
    op.bulk_insert(META, [{"key": key, "value": "0"} for key in COUNTERS])
    # The key of an entry changes, which SQLite cannot do in place: the table is made anew, and its rows put back.
    rows = _rows()
    op.drop_table("list_entries")
    _create_list_entries(
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "match", "number", name="pk_list_entries"),
        sa.UniqueConstraint("tenant", "id", name="uq_list_entries_tenant_id"),
    )
    op.create_index("ix_list_entries_tenant_revision", "list_entries", ["tenant", "revision"], unique=False)
    found = {}
    for row in rows:  # of a number that was written in two ways the newer entry stays
        mobile = MOBILE.fullmatch(row["number"])
        number = mobile[1] if mobile else row["number"]
        new = {"id": secrets.token_hex(8), "match": "exact", "added_by": "", "revision": 0, "number": number}
        target = "hangup" if row["kind"] == "deny" else None
        found[row["tenant"], row["kind"], number] = {**row, **new, "target": target}
    _insert(list(found.values()))


def downgrade() -> None:
    rows = [row for row in _rows("match") if row["match"] == "exact"]
    op.drop_table("list_entries")
    _create_list_entries(sa.PrimaryKeyConstraint("tenant", "kind", "number", name="pk_list_entries"))
    _insert([{name: row[name] for name in OLD} for row in rows])
    op.execute(sa.delete(META).where(META.c.key.in_(COUNTERS)))
    op.drop_table("list_removals")
    op.drop_table("calendar_days")
    op.drop_table("calendars")
    op.drop_table("schedules")
    op.drop_table("numbers")


def _create_list_entries(*more: sa.schema.SchemaItem) -> None:
    op.create_table(
        "list_entries",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        *more,
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_list_entries_tenants"),
    )
    op.create_index(
        "ix_list_entries_tenant_kind_added_at", "list_entries", ["tenant", "kind", "added_at"], unique=False
    )


def _rows(*more: str) -> list[dict[str, object]]:
    entries = sa.table("list_entries", *(sa.column(name) for name in (*OLD, *more)))
    query = sa.select(entries).order_by(entries.c.added_at)
    return [dict(row) for row in op.get_bind().execute(query).mappings()]


def _insert(rows: list[dict[str, object]]) -> None:
    if rows:
        entries = sa.table("list_entries", *(sa.column(name) for name in rows[0]))
        op.get_bind().execute(sa.insert(entries), rows)
