"""Whether the process lives, and how its parts are."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.parts import PartHealth, State, TheEdge
from data.party import Frozen

router = APIRouter(tags=["health"])


class Alive(Frozen):
    alive: bool = True


class Readiness(Frozen):
    """ready: every part that is needed is; questions of some kinds may still wait for the others."""

    ready: bool
    parts: tuple[PartHealth, ...]


@router.get("/healthz", summary="The process answers")
async def alive() -> Alive:
    return Alive()


@router.get("/readyz", summary="The parts: database, index, model", responses={503: {"model": Readiness}})
async def ready(edge: TheEdge, response: Response) -> Readiness:
    parts = tuple(await edge.parts.health())
    found = Readiness(ready=all(part.state is State.READY for part in parts if part.needed), parts=parts)
    response.status_code = 200 if found.ready else 503
    return found
