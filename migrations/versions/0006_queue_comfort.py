"""Queue comfort: announcements, limits, skills."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

QUEUES: tuple[tuple[str, Any, Any], ...] = (
    ("music", sa.Text, ""),
    ("announce_position", sa.Boolean, sa.false()),
    ("announce_ewt", sa.Boolean, sa.false()),
    ("announce_every_seconds", sa.Integer, "0"),
    ("comfort_prompts", sa.JSON, "[]"),
    ("comfort_every_seconds", sa.Integer, "30"),
    ("agent_announcement", sa.Text, "off"),
    ("whisper", sa.Text, ""),
    ("max_wait_seconds", sa.Integer, "0"),
    ("max_wait_target", sa.Text, ""),
    ("max_length", sa.Integer, "0"),
    ("max_length_target", sa.Text, ""),
    ("no_agents", sa.Text, "off"),
    ("no_agents_target", sa.Text, ""),
    ("age_seconds_per_priority", sa.Integer, "0"),
    ("relax_after_seconds", sa.Integer, "0"),
    ("relax_levels", sa.Integer, "1"),
    ("sticky_days", sa.Integer, "30"),
    ("sticky_seconds", sa.Integer, "20"),
    ("sticky_base", sa.Text, "longest_idle"),
    ("service_level_seconds", sa.Integer, "20"),
)
CALLS: tuple[tuple[str, Any, Any], ...] = (
    ("skills", sa.JSON, "{}"),
    ("sent_to", sa.Text, ""),
)


def _column(name: str, kind: Any, default: Any) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False, server_default=default)


def upgrade() -> None:
    op.create_table(
        "skills",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_skills"),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_skills_tenants"),
    )
    op.create_table(
        "agent_skills",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent_no", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "agent_no", "skill", name="pk_agent_skills"),
        sa.ForeignKeyConstraint(
            ["tenant", "agent_no"],
            ["agents.tenant", "agents.agent_no"],
            name="fk_agent_skills_agents",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "skill"], ["skills.tenant", "skills.name"], name="fk_agent_skills_skills", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_agent_skills_tenant_skill", "agent_skills", ["tenant", "skill"])
    for column in QUEUES:
        op.add_column("queues", _column(*column))
    for column in CALLS:
        op.add_column("calls", _column(*column))


def downgrade() -> None:
    for column in CALLS:
        op.drop_column("calls", column[0])
    for column in QUEUES:
        op.drop_column("queues", column[0])
    op.drop_table("agent_skills")
    op.drop_table("skills")
