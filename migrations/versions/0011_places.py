"""Places of numbers that tenants know better."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "prefix", name="pk_places"),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_places_tenants"),
    )


def downgrade() -> None:
    op.drop_table("places")
