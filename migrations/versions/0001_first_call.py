"""First call: journal, facts, calls with their legs, segments and offers, agents, queues, users, lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_states",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status_since", sa.BigInteger(), nullable=False),
        sa.Column("pending_status", sa.Text(), nullable=True),
        sa.Column("pending_reason", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("idle_since", sa.BigInteger(), nullable=False),
        sa.Column("acw_began", sa.BigInteger(), nullable=True),
        sa.Column("acw_until", sa.BigInteger(), nullable=True),
        sa.Column("desktop", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agent_no", name="pk_agent_states"),
    )
    op.create_table(
        "calls",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_calls"),
    )
    op.create_index("ix_calls_tenant_agent_no_started_at", "calls", ["tenant", "agent_no", "started_at"], unique=False)
    op.create_index("ix_calls_tenant_ended_at", "calls", ["tenant", "ended_at"], unique=False)
    op.create_index("ix_calls_tenant_number_started_at", "calls", ["tenant", "number", "started_at"], unique=False)
    op.create_index("ix_calls_tenant_queue_started_at", "calls", ["tenant", "queue", "started_at"], unique=False)
    op.create_index("ix_calls_tenant_started_at_id", "calls", ["tenant", "started_at", "id"], unique=False)
    op.create_table(
        "facts",
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("i", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("n", "i", name="pk_facts"),
    )
    op.create_index("ix_facts_at", "facts", ["at"], unique=False)
    op.create_index("ix_facts_tenant_n", "facts", ["tenant", "n"], unique=False)
    op.create_table(
        "figures",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("answer_ms", sa.BigInteger(), nullable=False),
        sa.Column("signed_in", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "queue", "agent_no", "window_start", name="pk_figures"),
    )
    op.create_index("ix_figures_tenant_window_start", "figures", ["tenant", "window_start"], unique=False)
    op.create_table(
        "journal",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.Text(), nullable=True),
        sa.Column("agents", sa.JSON(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name="pk_journal"),
    )
    op.create_index("ix_journal_tenant_at", "journal", ["tenant", "at"], unique=False)
    op.create_index("ix_journal_tenant_call_seq", "journal", ["tenant", "call", "seq"], unique=False)
    op.create_table(
        "legs",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("agent_no", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "call", "n", name="pk_legs"),
    )
    op.create_index("ix_legs_tenant_id", "legs", ["tenant", "id"], unique=False)
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "offers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("ringing_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "call", "n", name="pk_offers"),
    )
    op.create_index(
        "ix_offers_tenant_agent_no_offered_at", "offers", ["tenant", "agent_no", "offered_at"], unique=False
    )
    op.create_index("ix_offers_tenant_id", "offers", ["tenant", "id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "call", "n", name="pk_segments"),
    )
    op.create_index(
        "ix_segments_tenant_agent_no_started_at", "segments", ["tenant", "agent_no", "started_at"], unique=False
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("pop_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_tenants"),
    )
    op.create_table(
        "agents",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_agents_tenants"),
        sa.PrimaryKeyConstraint("tenant", "agent_no", name="pk_agents"),
    )
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
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_list_entries_tenants"),
        sa.PrimaryKeyConstraint("tenant", "kind", "number", name="pk_list_entries"),
    )
    op.create_index(
        "ix_list_entries_tenant_kind_added_at", "list_entries", ["tenant", "kind", "added_at"], unique=False
    )
    op.create_table(
        "queues",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("ring_seconds", sa.Integer(), nullable=False),
        sa.Column("acw_seconds", sa.Integer(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_queues_tenants"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_queues"),
    )
    op.create_table(
        "users",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=True),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_users_tenants"),
        sa.PrimaryKeyConstraint("tenant", "username", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_table(
        "queue_members",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "agent_no"],
            ["agents.tenant", "agents.agent_no"],
            name="fk_queue_members_agents",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "queue"], ["queues.tenant", "queues.name"], name="fk_queue_members_queues", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "queue", "agent_no", name="pk_queue_members"),
    )
    op.create_index("ix_queue_members_tenant_agent_no", "queue_members", ["tenant", "agent_no"], unique=False)


def downgrade() -> None:
    op.drop_table("queue_members")
    op.drop_table("users")
    op.drop_table("queues")
    op.drop_table("list_entries")
    op.drop_table("agents")
    op.drop_table("tenants")
    op.drop_table("segments")
    op.drop_table("offers")
    op.drop_table("meta")
    op.drop_table("legs")
    op.drop_table("journal")
    op.drop_table("figures")
    op.drop_table("facts")
    op.drop_table("calls")
    op.drop_table("agent_states")
