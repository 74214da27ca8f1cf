"""Reasons and dispositions, and what was said of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reasons",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name="pk_reasons"),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_reasons_tenants"),
    )
    op.create_table(
        "dispositions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name="pk_dispositions"),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_dispositions_tenants"),
    )
    op.create_table(
        "call_dispositions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "call", "n", name="pk_call_dispositions"),
    )
    op.create_index("ix_call_dispositions_tenant_code_said_at", "call_dispositions", ["tenant", "code", "said_at"])
    op.add_column("queues", sa.Column("disposition_required", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agent_states", sa.Column("over_limit", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agent_states", sa.Column("due_call", sa.Text(), nullable=True))
    op.add_column("agent_states", sa.Column("due_queue", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("due_queue", "due_call", "over_limit"):
        op.drop_column("agent_states", column)
    op.drop_column("queues", "disposition_required")
    for table in ("call_dispositions", "dispositions", "reasons"):
        op.drop_table(table)
