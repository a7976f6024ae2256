"""Key images of findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_images",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("pathway", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False, comment="no patient data"),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False, comment="a compressed .npz without pickles"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_key_images_case_id")),
        sa.PrimaryKeyConstraint("case_id", "pathway", name=op.f("pk_key_images")),
    )


def downgrade() -> None:
    op.drop_table("key_images")
