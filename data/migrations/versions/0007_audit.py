"""The audit of conversations"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("conversation_id", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("plain", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
    )
    op.create_index("ix_audit_entry_key_id", "audit_entry", ["key_id"])
    op.create_table(
        "audit_head",
        sa.Column("conversation_id", sa.String(), primary_key=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("anchored", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("heads", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
    )
    op.create_table(
        "audit_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("party_id", sa.String(), nullable=False, unique=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    )
    op.add_column("turn", sa.Column("audited", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("turn", "audited")
    for table in ("audit_key", "audit_anchor", "audit_head", "audit_entry"):
        op.drop_table(table)
