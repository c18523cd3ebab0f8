"""Ordinary words for shops mean merchant codes; names of shops that are no kind mean none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from connectors.categories import merchant_kinds
from retrieval.embedding import Embedder
from retrieval.kinds import Kinds


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds") / "kinds.npy"


@pytest.fixture(scope="module")
def kinds(embedder: Embedder, path: Path) -> Kinds:
    return Kinds(embedder, merchant_kinds(), path)


@pytest.mark.parametrize(
    ("said", "code"), [("the vet", "0742"), ("dentist", "8021"), ("florist", "5992"), ("hairdresser", "7230")]
)
def test_ordinary_words_mean_the_code_of_their_trade(kinds: Kinds, said: str, code: str) -> None:
    assert code in asyncio.run(kinds.find(said))


@pytest.mark.parametrize("said", ["premier inn", "zanzibar grill", "zorblax"])
def test_a_name_that_is_no_kind_means_no_code(kinds: Kinds, said: str) -> None:
    assert asyncio.run(kinds.find(said)) == frozenset()


def test_what_was_kept_is_read_again(kinds: Kinds, embedder: Embedder, path: Path, tmp_path: Path) -> None:
    """Kept for other codes than there are now, it is made anew."""
    found = asyncio.run(kinds.find("the vet"))
    assert asyncio.run(Kinds(embedder, merchant_kinds(), path).find("the vet")) == found
    other = tmp_path / "kinds.npy"
    np.save(other, np.zeros_like(np.load(path)))
    assert asyncio.run(Kinds(embedder, merchant_kinds(), other).find("the vet")) == frozenset()
    np.save(other, np.zeros((3, 384), np.float32))
    assert asyncio.run(Kinds(embedder, merchant_kinds(), other).find("the vet")) == found
    assert len(np.load(other)) == len(merchant_kinds())


def test_kinds_are_trades_and_not_single_companies() -> None:
    kinds = merchant_kinds()
    assert "eterinar" in kinds["0742"]
    assert all(kinds.values())
    assert not any(code.startswith("3") for code in kinds)
    assert len(kinds) > 250
