"""Proofs that were seen, so that none counts twice, whichever process meets it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from data.tables import ProofRow

proof_t = SQLModel.metadata.tables[ProofRow.__tablename__]


class Proofs:
    """Each is remembered until nobody would believe it any more, which is a minute: the table stays short."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def first(self, once: str, until: dt.datetime, now: dt.datetime) -> bool:
        """Whether a proof is seen for the first time; it is remembered. once: a digest of what makes it the only one."""
        try:
            with self.engine.begin() as connection:
                connection.execute(delete(proof_t).where(proof_t.c.until < now))
                connection.execute(insert(proof_t).values(id=once, until=until))
        except IntegrityError:
            return False
        return True
