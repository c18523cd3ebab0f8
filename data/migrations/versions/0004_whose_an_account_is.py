"""The names of an account's holders"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("holders", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("account", "holders")
