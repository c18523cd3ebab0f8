"""A running server as the evals see it: logged in to as the chat page does, and asked over HTTP.

What a server does not tell is not known of such a run: the steps of a plan, how sure the router was, CPU time and tokens.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.sandbox.issuer import DEMO_WORD
from data.errors import InvalidInput, Unavailable
from evals.marks import Output
from evals.suites import Case, Suite

CALLBACK = "/login/callback"
TIMEOUT_S = 130.0
# A customer may ask so many times before they are told to wait for longer than anybody would.
PATIENCE = 20


class Server:
    """Answers lines of the batch format; an `Answerer`. Each line is a conversation of the server's, which is then forgotten."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.http = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT_S, trust_env=False, transport=transport)
        self._tokens: dict[str, str] = {}

    async def __call__(self, line: Mapping[str, Any]) -> Sequence[Output]:
        customer = str(line["customer"])
        begun = await self._ask(customer, "POST", "/v1/conversations")
        path = f"/v1/conversations/{begun.json()['id']}"
        outputs = []
        for number, message in enumerate(line["turns"]):
            began = time.perf_counter()
            answered = await self._ask(customer, "POST", f"{path}/messages", json={"message": message})
            outputs.append(output(str(line["id"]), number, answered.json(), (time.perf_counter() - began) * 1000))
        await self._ask(customer, "DELETE", path)
        return outputs

    async def moment(self, customer: str) -> datetime:
        """What the server takes for the present."""
        begun = (await self._ask(customer, "POST", "/v1/conversations")).json()
        await self._ask(customer, "DELETE", f"/v1/conversations/{begun['id']}")
        return datetime.fromisoformat(begun["created_at"])

    async def aclose(self) -> None:
        await self.http.aclose()

    async def _ask(self, customer: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Raises Unavailable where the server does not answer as it should."""
        for _ in range(PATIENCE):
            if customer not in self._tokens:
                self._tokens[customer] = await self._log_in(customer)
            headers = {"Authorization": f"Bearer {self._tokens[customer]}", "Accept": "application/json"}
            answer = await self._send(method, path, headers=headers, **more)
            if answer.status_code == 429:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            elif answer.status_code == 401:
                del self._tokens[customer]
            elif answer.is_success:
                return answer
            else:
                raise Unavailable(f"{path} answers with status {answer.status_code}: {answer.text[:200]}")
        raise Unavailable(f"{path} was refused {PATIENCE} times")

    async def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            return await self.http.request(method, url, **more)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self.http.base_url} does not answer ({type(error).__name__})") from error

    async def _log_in(self, customer: str) -> str:
        """An access token, by an authorization code with PKCE. Raises Unavailable for whom the sandbox does not know."""
        page = (await self._send("GET", "/page.json")).json()
        back, verifier = f"{str(self.http.base_url).rstrip('/')}{CALLBACK}", secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": page["client_id"], "redirect_uri": back, "scope": page["scope"]}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        form = await self._send("GET", page["authorize_url"], params=asked)
        login = re.search(r'name="login" value="([^"]+)"', form.text)
        given = {"login": login[1] if login else "", "customer": customer, "word": DEMO_WORD}
        sent = await self._send("POST", page["authorize_url"].removesuffix("authorize") + "login", data=given)
        code = parse_qs(urlsplit(sent.headers.get("location", "")).query).get("code", [""])[0]
        if not code:
            raise Unavailable(
                f"{customer} could not log in at {self.http.base_url}: only the sandbox's customers are asked about"
            )
        grant = {"grant_type": "authorization_code", "code": code, "client_id": page["client_id"], "redirect_uri": back}
        token = await self._send("POST", page["token_url"], data=grant | {"code_verifier": verifier})
        return str(token.json()["access_token"])


def output(key: str, turn: int, answer: Mapping[str, Any], latency_ms: float) -> Output:
    """An answer of the API as a line of the batch format; its latency is what the client waited."""
    facts = [{name: fact[name] for name in ("ref", "label", "value", "unit", "evidence")} for fact in answer["facts"]]
    told = {name: answer[name] for name in ("outcome", "scope", "citations", "path")}
    told["sentences"] = [{name: one[name] for name in ("text", "template")} for one in answer["sentences"]]
    return {"id": key, "turn": turn, "answer": answer["text"], "facts": facts, "latency_ms": round(latency_ms, 1), **told}


async def asked_today(server: Server, suite: Suite) -> Suite:
    """The conversations that take place on the server's day, the customers in turn, so that none has to wait for long.

    Raises InvalidInput where there are none, as the right answers are those of a day.
    """
    now = await server.moment(str(suite.cases[0].line["customer"]))
    by_customer: dict[str, list[Case]] = {}
    for case in suite.cases:
        if datetime.fromisoformat(case.line["now"]).date() == now.date():
            by_customer.setdefault(str(case.line["customer"]), []).append(case)
    if not by_customer:
        moment = suite.cases[0].line["now"]
        raise InvalidInput(f"the server's clock says {now:%d %B %Y}; start it with COUNTERFOIL_NOW={moment}")
    in_turn = [case for row in zip_longest(*by_customer.values()) for case in row if case is not None]
    return suite._replace(cases=in_turn)
