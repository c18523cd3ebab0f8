"""What several test files need: the serving model, made once and kept between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import IndexUnavailable
from retrieval.embedding import Embedder, export
from retrieval.weights import fetch_weights


def _models_dir(config: pytest.Config) -> Path:
    assert config.cache is not None
    return Path(config.cache.mkdir("models"))


@pytest.fixture(scope="session")
def serving_model(pytestconfig: pytest.Config) -> Path:
    """The folder of the exported embedding model; skips where the weights can't be had."""
    try:
        return export(_models_dir(pytestconfig))
    except IndexUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def embedder(serving_model: Path) -> Embedder:
    return Embedder(serving_model)


@pytest.fixture(scope="session")
def reference_weights(serving_model: Path, pytestconfig: pytest.Config) -> Path:
    return fetch_weights(_models_dir(pytestconfig))
