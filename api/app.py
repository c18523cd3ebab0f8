"""The HTTP edge: routes, headers and errors around the parts that the wiring gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import consents, conversations, health
from api.limits import BodyLimit
from api.parts import Edge, PageIdentity, Parts, TheEdge, TheLogin
from api.problems import Problem, install, responses
from data.party import Party

WIDGET = Path(__file__).parent / "widget"

router = APIRouter()


@router.get("/v1/me", tags=["login"], summary="Who is logged in", responses=responses(401, 403, 503))
async def me(login: TheLogin) -> Party:
    return login.party


@router.get("/page.json", include_in_schema=False)
async def page(edge: TheEdge) -> PageIdentity:
    return edge.parts.identity


@router.get("/login/callback", include_in_schema=False)
async def logged_in() -> FileResponse:
    """The page again: it takes the code out of its own address."""
    return FileResponse(WIDGET / "index.html")


def create(parts: Parts) -> FastAPI:
    """The app, ready to be served. Turns run only while its lifespan does."""
    edge = Edge(parts)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with parts.lifespan():
            yield
            await edge.turns.close()

    app = FastAPI(
        title="Counterfoil",
        version=version("counterfoil"),
        description="Ask about your money. Every figure in an answer can be followed to the rows behind it.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.edge = edge
    for routes in (conversations.router, consents.router, health.router, router):
        app.include_router(routes)
    for path, other in parts.mounts.items():
        app.mount(path, other)
    app.mount("/", StaticFiles(directory=WIDGET, html=True))
    app.add_middleware(BodyLimit, limit=parts.limits.body_bytes)
    app.add_middleware(SecureHeaders, csp=policy(parts.identity), others=tuple(parts.mounts))
    install(app)
    _describe(app)
    return app


def policy(identity: PageIdentity) -> str:
    """What our page may do: its own scripts and styles, and requests to us and to the token endpoint."""
    token = urlsplit(identity.token_url)
    elsewhere = f" {token.scheme}://{token.netloc}" if token.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{elsewhere}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


class SecureHeaders:
    """Headers for everything that is ours; an app mounted beside us keeps its own policy."""

    def __init__(self, app: ASGIApp, csp: str, others: Iterable[str]) -> None:
        self.app, self.csp, self.others = app, csp, tuple(others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        ours = not any(path == other or path.startswith(other + "/") for other in self.others)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), path, ours)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _add(self, headers: MutableHeaders, path: str, ours: bool) -> None:
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        if ours:
            headers.setdefault("Content-Security-Policy", self.csp)
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
            # Answers are personal; the page itself is only asked whether it changed.
            headers.setdefault("Cache-Control", "no-store" if path.startswith("/v1/") else "no-cache")


def _describe(app: FastAPI) -> None:
    """Let the OpenAPI document hold the problem details that every operation refers to."""
    found = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = app.openapi()["components"]["schemas"]
    schemas |= found.pop("$defs") | {"Problem": found}
