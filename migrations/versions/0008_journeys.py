"""Journeys: what a call went through before and after the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("journey", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("queues") as queues:
        queues.add_column(sa.Column("survey", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "voicemails",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_voicemails"),
    )
    op.create_index("ix_voicemails_tenant_left_at_id", "voicemails", ["tenant", "left_at", "id"])
    op.create_index("ix_voicemails_tenant_state_left_at", "voicemails", ["tenant", "state", "left_at"])
    op.create_index("ix_voicemails_tenant_agent_no_state", "voicemails", ["tenant", "agent_no", "state"])
    op.create_table(
        "incidents",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("prefixes", sa.JSON(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("offer", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_tenant_active", "incidents", ["tenant", "active"])
    op.create_table(
        "incident_callers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("wants_word", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "incident", "call", name="pk_incident_callers"),
    )


def downgrade() -> None:
    op.drop_table("incident_callers")
    op.drop_table("incidents")
    op.drop_table("voicemails")
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("journey")
    with op.batch_alter_table("queues") as queues:
        queues.drop_column("survey")
