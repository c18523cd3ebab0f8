"""What a customer agrees to, over HTTP: given, read and taken back by themselves alone."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from api.parts import TheEdge, TheLogin
from api.problems import responses
from data.party import Consent, Purpose

router = APIRouter(prefix="/v1/consents", tags=["consents"], responses=responses(401, 403, 422, 503))

# The others are given in another way: the one to sync by logging in.
Asked = Literal[Purpose.EXTERNAL_MODEL]


def _written(value: object) -> object:
    """A moment is written as RFC 3339 has it: a bare number is none."""
    if value is not None and not isinstance(value, str):
        raise ValueError("a moment is text")
    return value


class Until(BaseModel):
    until: Annotated[AwareDatetime | None, BeforeValidator(_written)] = Field(
        default=None, description="When the consent ends by itself; null for not at all."
    )


@router.get("", summary="The consents on record")
async def index(edge: TheEdge, login: TheLogin) -> list[Consent]:
    return list(await asyncio.to_thread(edge.parts.consents.consents_of, login.party.id))


@router.put("/{purpose}", summary="Give a consent, or change when it ends")
async def give(edge: TheEdge, login: TheLogin, purpose: Asked, body: Until | None = None) -> Consent:
    consent = Consent(party=login.party.id, purpose=purpose, until=body.until if body else None)
    await asyncio.to_thread(edge.parts.consents.put_consent, consent)
    return consent


@router.delete("/{purpose}", status_code=204, summary="Take a consent back; the next message is answered without it")
async def withdraw(edge: TheEdge, login: TheLogin, purpose: Asked) -> None:
    await asyncio.to_thread(edge.parts.consents.withdraw_consent, login.party.id, purpose)
