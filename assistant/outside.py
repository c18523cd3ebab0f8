"""An outside language model: any server that speaks the OpenAI protocol, at an address and with a key of the deployment's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from data.errors import InvalidInput, ModelUnavailable

LOOK_S = 2.0


@dataclass(frozen=True)
class Outside:
    """url: what OpenAI's clients call the base URL, such as https://models.example/v1. The key is in no text made of this."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str, model: str, key: str) -> Outside:
        """Raises InvalidInput for an address that would carry questions and the key in the clear, or that holds more than one."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
            raise InvalidInput("COUNTERFOIL_MODEL_URL must be an address such as https://models.example/v1, without a key in it")
        if parts.scheme == "http" and not _on_this_machine(host):
            raise InvalidInput("COUNTERFOIL_MODEL_URL must be https, unless the model is on this machine")
        if not model:
            raise InvalidInput("COUNTERFOIL_MODEL_MODEL must name the model to ask for at COUNTERFOIL_MODEL_URL")
        return cls(url.rstrip("/"), model, key)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def http(self, timeout_s: float) -> httpx.AsyncClient:
        """A client that goes through the proxies that the environment names, but never to this machine."""
        return httpx.AsyncClient(trust_env=not _on_this_machine(urlsplit(self.url).hostname or ""), timeout=timeout_s)

    async def look(self) -> None:
        """Raises ModelUnavailable when the server does not answer now, or not to this key."""
        async with self.http(LOOK_S) as client:
            try:
                answer = await client.get(f"{self.url}/models", headers={"Authorization": f"Bearer {self.key}"})
            except httpx.HTTPError as error:
                raise ModelUnavailable(f"{self.host} does not answer ({type(error).__name__})") from error
        # A server without a list of models says 404, and is there all the same.
        if answer.status_code in (401, 403) or answer.is_server_error:
            raise ModelUnavailable(f"{self.host} answers with status {answer.status_code}")


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
