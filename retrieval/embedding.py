"""Text as vectors: all-MiniLM-L6-v2 as an int8 ONNX graph for serving, beside sentence-transformers as its reference."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from data.errors import IndexUnavailable, WeightsCorrupt
from retrieval.vectors import DIMENSIONS, Vectors
from retrieval.weights import DIGESTS, NAME, Progress, fetch_weights, sha256

MAX_TOKENS = 256
# Larger ones pad more and fit the cache less: 16 and 32 give the most texts per CPU-second.
BATCH = 32
# Names of a word or two say little by themselves: in this frame, on both sides, made-up merchants are told apart better
# (evals.meanings: average precision 0.71 against 0.64).
FRAME = "a business called {}"
RECIPE = f"mean pooling, normalised, opset 17, dynamic int8 per channel but layer 0 output, 256 tokens; names as {FRAME!r}"
# Vectors, floors and whatever was learnt from them belong to this version and to no other.
VERSION = hashlib.sha256("\n".join([DIGESTS["model.safetensors"], DIGESTS["tokenizer.json"], RECIPE]).encode()).hexdigest()[:12]


def export(models_dir: Path, progress: Progress | None = None) -> Path:
    """The folder of the serving model, made from the weights where it is not there yet (about 15 s).

    progress: called with bytes done and in all while weights are fetched. Exporting happens in a process of its own, so this
    one never loads torch. A second call at the same time waits for the first.
    Raises IndexUnavailable when the weights cannot be had or the export fails, WeightsCorrupt when a digest is wrong.
    """
    return exported(models_dir, f"{NAME}-int8-{VERSION}", VERSION, progress)


def exported(models_dir: Path, name: str, version: str, progress: Progress | None, taught: Path | None = None) -> Path:
    """As `export`, in a folder of that name. taught: what is beside the weights, for a reader and not for vectors."""
    folder = models_dir / name
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "manifest.json").exists():
            weights = fetch_weights(models_dir, progress)
            with tempfile.TemporaryDirectory(dir=models_dir, prefix=f"{folder.name}.") as room:
                _make(weights, Path(room) / "model", version, taught).replace(folder)
    return folder


def _make(weights: Path, folder: Path, version: str, taught: Path | None) -> Path:
    folder.mkdir()
    command = [sys.executable, "-P", "-m", "retrieval.export", str(weights), str(folder / "model.onnx")]
    command += [str(taught)] if taught else []
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise IndexUnavailable(
            f"the embedding model could not be exported: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
    shutil.copyfile(weights / "tokenizer.json", folder / "tokenizer.json")
    digests = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    (folder / "manifest.json").write_text(json.dumps({"version": version, "recipe": RECIPE, "sha256": digests}, indent=2))
    return folder


def session(folder: Path) -> onnxruntime.InferenceSession:
    """The graph of a folder as `exported` made it, on one thread. Raises WeightsCorrupt when a file in the folder was changed."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, wanted in manifest["sha256"].items():
        if (found := sha256(folder / name)) != wanted:
            raise WeightsCorrupt(name, found, wanted)
    # One thread a batch: callers choose how many run, and idle threads that spin would take the loop's core.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # For products of a few thousand vectors more threads cost ten times the CPU, and are no faster.
    threadpool_limits(1, "blas")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])


def tokenizer(folder: Path, longest: int) -> Tokenizer:
    """The tokenizer of a folder. longest: of what is longer, so many tokens count."""
    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(longest)
    return made


class Embedder:
    """The serving model. Safe to share between threads; loading takes about 0.1 s and 60 MB."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """folder: as `export` returned it. threads: how many batches of one call run at once; more than one is for imports.

        Raises WeightsCorrupt when a file in the folder was changed.
        """
        self._session = session(folder)
        # What a batch of long texts takes is given back: 170 MB otherwise, for as long as the process lives.
        self._options = onnxruntime.RunOptions()
        self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self.version: str = json.loads((folder / "manifest.json").read_text())["version"]
        self._pool = ThreadPoolExecutor(threads, "embed") if threads > 1 else None
        self._tokenizer = tokenizer(folder, MAX_TOKENS)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors [len(texts), 384] of length 1, in the order of the texts; [0, 384] for none.

        Of a long text the first 256 tokens count. int8 scales are set per batch, so one text's vector varies by its company by
        a cosine of about 0.998.
        """
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
        batches = [by_length[start : start + BATCH] for start in range(0, len(by_length), BATCH)]
        tokens = ([encoded[at] for at in batch] for batch in batches)
        for batch, made in zip(batches, self._pool.map(self._run, tokens) if self._pool else map(self._run, tokens), strict=True):
            vectors[batch] = made
        return vectors

    def english(self) -> frozenset[str]:
        """Ordinary words of the language, some 20,000 in lower case: those that the model reads whole and not in pieces."""
        return frozenset(word for word in self._tokenizer.get_vocab() if word.isascii() and word.isalpha())

    def embed_names(self, names: Sequence[str]) -> Vectors:
        """Vectors [len(names), 384] of templates, or of what a customer calls a merchant: both are embedded as names."""
        return self.embed([FRAME.format(name) for name in names])

    def _run(self, batch: list[list[int]]) -> Vectors:
        ids = np.zeros((len(batch), max(map(len, batch))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        vectors: Vectors = self._session.run(["vectors"], {"ids": ids, "mask": mask}, self._options)[0]
        return vectors


def reference(texts: Sequence[str], weights: Path) -> Vectors:
    """What sentence-transformers makes of the same texts in fp32: [len(texts), 384]. Loads torch, so never while serving.

    weights: a folder as `fetch_weights` returns it.
    """
    if not texts:
        return np.empty((0, DIMENSIONS), np.float32)
    return _sentence_transformer(weights)(list(texts))


@lru_cache(maxsize=1)
def _sentence_transformer(weights: Path) -> Callable[[list[str]], Vectors]:
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  torch takes seconds and 400 MB

    model = SentenceTransformer(str(weights), device="cpu", local_files_only=True)

    def encode(texts: list[str]) -> Vectors:
        return np.asarray(model.encode(texts, normalize_embeddings=True, show_progress_bar=False), np.float32)

    return encode
