"""Settings, from the environment as COUNTERFOIL_*; every state is under one home."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import InvalidInput


def default_home() -> Path:
    """Beside the virtual environment that runs this, so that two installations never meet."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix).parent / ".counterfoil"
    return Path.home() / ".local" / "share" / "counterfoil"


class Settings(BaseSettings):
    """planner: "router" asks the model only where the router is not sure, "model" asks it always.

    model: none, local (the embedded model, used when its weights are there), or the path of a GGUF file.
    model_url, model_model, model_key: an outside model, asked in place of that one; see assistant.outside.
    writer: whether an outside model may word the answer, or our own sentences are said.
    sure: from which probability on the router's plan is believed; None for the one that was measured.
    public_url: how the server is called from outside, "https://assistant.bank.example"; empty: by host and port.
    dpop: whether tokens may be bound to a key of whoever shows them (RFC 9449), or must be.
    now: the moment from which the clock of a served sandbox bank goes on; None for the world's.
    prompt, examples, outside_prompt: files in the place of prompts/system.md, examples.yaml and large.md.
    policies: a folder of Cedar rules, with their schema, in the place of connectors/policies.
    """

    model_config = SettingsConfigDict(env_prefix="COUNTERFOIL_", frozen=True)

    home: Path = default_home()
    database_url: str = ""
    qdrant_url: str = ""
    model: str = "local"
    model_url: str = ""
    model_model: str = ""
    model_key: SecretStr = SecretStr("")
    planner: Literal["router", "model"] = "router"
    writer: Literal["model", "ours"] = "model"
    sure: float | None = Field(default=None, ge=0, le=1)
    prompt: Path | None = None
    examples: Path | None = None
    outside_prompt: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    dpop: Literal["accepted", "required"] = "accepted"
    workers: int = Field(default=1, ge=1)
    now: AwareDatetime | None = None
    rules: Path | None = None
    policies: Path | None = None
    max_import_bytes: int = 256 * 1024 * 1024

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'counterfoil.db'}"

    @property
    def origin(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def model_name(self) -> str:
        """The name or path of the embedded model's weights; "none" where there is to be none."""
        return "1.5b" if self.model == "local" else self.model

    @property
    def models(self) -> Path:
        return self.home / "models"


def check() -> None:
    """Raises InvalidInput, which names the variables, where the environment holds what is no setting."""
    try:
        Settings()
    except ValidationError as error:
        wrong = (
            f"COUNTERFOIL_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}, not {one['input']!r}" for one in error.errors()
        )
        raise InvalidInput("; ".join(wrong)) from error
