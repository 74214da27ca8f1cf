"""Recordings, how each call's stands, and what each tenant wants recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("recording", sa.JSON(), nullable=True))
    op.create_table(
        "recordings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("length_ms", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("markers", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_recordings"),
        sa.UniqueConstraint("tenant", "name", name="uq_recordings_tenant_name"),
    )
    op.create_index("ix_recordings_tenant_state_began_at", "recordings", ["tenant", "state", "began_at"])
    op.create_index("ix_recordings_tenant_call", "recordings", ["tenant", "call"])
    op.create_table(
        "recording_rules",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_recording_rules"),
    )


def downgrade() -> None:
    op.drop_table("recording_rules")
    op.drop_table("recordings")
    op.drop_column("calls", "recording")
