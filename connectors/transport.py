"""How the bank's services are reached: in this process, or over HTTP. The client on top is the same."""

from __future__ import annotations

import httpx
from starlette.types import ASGIApp

CONNECT_S, READ_S = 2.0, 10.0
TIMEOUT = httpx.Timeout(READ_S, connect=CONNECT_S)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


def in_process(app: ASGIApp) -> httpx.AsyncBaseTransport:
    """To an application in this process; what it raises arrives as an answer with status 500, as it would over HTTP."""
    return httpx.ASGITransport(app=app, raise_app_exceptions=False)


def over_http() -> httpx.AsyncBaseTransport:
    """To a server. Proxies of the environment are not used: the bank's services are not reached through one."""
    return httpx.AsyncHTTPTransport(limits=LIMITS, trust_env=False)
