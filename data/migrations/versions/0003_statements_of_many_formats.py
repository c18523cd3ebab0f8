"""Statements of many formats: where a row came from, what else it is known as, and the balances they state"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(), nullable=True))
    # Until now files were tables of text alone.
    op.execute("UPDATE entry SET source = 'csv' WHERE account_id IN (SELECT id FROM account WHERE source = 'file')")
    op.create_table(
        "entry_alias",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("held_id", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "source_id"),
    )
    with op.batch_alter_table("entry_alias", schema=None) as batch_op:
        batch_op.create_index("alias_of_entry", ["account_id", "held_id"], unique=False)

    op.create_table(
        "stated_balance",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("booked_minor", sa.BigInteger(), nullable=False),
        sa.Column("available_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "stated_on"),
    )


def downgrade() -> None:
    op.drop_table("stated_balance")
    with op.batch_alter_table("entry_alias", schema=None) as batch_op:
        batch_op.drop_index("alias_of_entry")

    op.drop_table("entry_alias")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_column("source")
