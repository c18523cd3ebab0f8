"""Tokens for the services of the bank: each call carries one for that service alone, with no more scope than it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

# The customer's token, the audience of a service, the scopes that a call needs -> the token to show to that service.
Exchange = Callable[[str, str, frozenset[str]], Awaitable[str]]
