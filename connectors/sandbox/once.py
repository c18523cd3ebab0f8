"""A write that may be sent twice: the same request under the same key has one effect and one answer."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from connectors.sandbox.accounts import AccountsStore, Asking, Refused, answer
from connectors.sandbox.wire import Json
from connectors.sandbox.written import KeyUsed

Key = Annotated[str, Header(alias="x-idempotency-key", min_length=1, max_length=40, pattern=r"^[\x21-\x7e]+$")]


class Answer(BaseModel):
    """The standard's envelope."""

    Data: dict[str, Any]
    Links: dict[str, Any]
    Meta: dict[str, Any]


def once(
    request: Request, ask: Asking, key: str, body: BaseModel, act: Callable[[sqlite3.Connection], tuple[int, Json]]
) -> Response:
    """Do something under an idempotency key, and answer; the same request again is given the same answer."""
    store: AccountsStore = request.app.state.store
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    try:
        status, data = store.written.once(ask.customer.id, request.url.path, key, digest, act)
    except KeyUsed as error:
        raise Refused(409, "U029", "this idempotency key was used for something else", "x-idempotency-key") from error
    response = answer(request, data)
    response.status_code = status
    return response
