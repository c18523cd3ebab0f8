"""Teaches the embedding model to read: low-rank weights beside its own (LoRA), and heads over what it then makes of a message.

Only `api.teach` calls it, in a process of its own that loads torch; what comes out is retrieval/reader.npz, after some forty
minutes on two cores, or retrieval/pages.npz, after a quarter of an hour.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from retrieval.reader import KEPT, MAX_TOKENS, Lesson, tokens

EPOCHS, BATCH, RANK, SCALE = 3, 32, 16, 2.0
# It is taught so often from the same start, each time in another order and with other parts in the wordings, and the mean of what
# was learned is kept: two that were taught nearly alike answered one turn of the household questions in twenty differently.
TIMES = 2
# How fast what is beside the weights learns, and the heads; after so many steps at full speed, and slower until the end.
SPEED, HEADS_SPEED, WARMUP = 6e-4, 2e-3, 200
DROPOUT, SMOOTHING = 0.1, 0.05
# In each layer of the model the linear maps that learn.
MAPS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
_NONE = -100
Learned = NDArray[np.float32]


class _Beside(nn.Module):
    """A linear map, and what is learned beside it."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        own: torch.Tensor = self.base(x)
        return own + (x @ self.a.T) @ self.b.T * SCALE


class Reading(nn.Module):
    """The encoder and its heads: over the first token and the mean of the message what it asks and what it takes over from the
    question before, over each token what that is."""

    def __init__(self, weights: Path, labels: int, tags: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(weights, attn_implementation="eager", local_files_only=True)
        self.encoder.requires_grad_(requires_grad=False)
        width = 2 * self.encoder.config.hidden_size
        self.label, self.tag, self.drop = nn.Linear(width, labels), nn.Linear(width, tags), nn.Dropout(DROPOUT)
        self.keep = nn.Linear(width, len(KEPT))

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, own: torch.Tensor, mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mask = torch.ones_like(ids) if mask is None else mask
        states = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        mean = (states * own.unsqueeze(-1)).sum(1) / own.sum(1, keepdim=True).clamp(min=1)
        whole = self.drop(torch.cat([states[:, 0], mean], 1))
        label, keep = self.label(whole), self.keep(whole)
        tag = self.tag(self.drop(torch.cat([states, mean.unsqueeze(1).expand_as(states)], 2)))
        return label, tag, keep


def _maps(model: Reading) -> Iterator[tuple[nn.Module, str, str]]:
    """Every linear map that learns: what holds it, its name there, and its name in the file."""
    for at, layer in enumerate(model.encoder.encoder.layer):
        for path in MAPS:
            *way, name = path.split(".")
            holder = layer
            for step in way:
                holder = getattr(holder, step)
            yield holder, name, f"{at}.{path}"


def teach(
    weights: Path,
    lessons: Callable[[int], Sequence[Lesson]],
    labels: Sequence[str],
    tags: Sequence[str],
    target: Path,
    version: str,
    progress: Callable[[int, int], None],
) -> None:
    """Teach and write what was learned. weights: a sentence-transformers folder. lessons: those of an epoch, by its number.

    version: of what was taught. progress: called with steps done and in all.
    """
    learned = [_once(weights, lessons, labels, tags, number, progress) for number in range(TIMES)]
    meta = json.dumps({"labels": [*labels], "tags": [*tags], "version": version}).encode()
    draft = target.with_suffix(".part.npz")
    arrays: dict[str, Any] = {"meta": np.frombuffer(meta, np.uint8), **_mean(learned)}
    np.savez_compressed(draft, **arrays)
    draft.replace(target)


def _once(
    weights: Path,
    lessons: Callable[[int], Sequence[Lesson]],
    labels: Sequence[str],
    tags: Sequence[str],
    number: int,
    progress: Callable[[int, int], None],
) -> dict[str, Learned]:
    """What is learned in one of the times, by its name in the file."""
    torch.manual_seed(0)
    model = Reading(weights, len(labels), len(tags))
    for holder, name, _ in _maps(model):
        setattr(holder, name, _Beside(getattr(holder, name)))
    heads = [*model.label.parameters(), *model.tag.parameters(), *model.keep.parameters()]
    beside = [p for p in model.encoder.parameters() if p.requires_grad]
    speeds = (SPEED, HEADS_SPEED)
    optimiser = torch.optim.AdamW([{"params": beside}, {"params": heads}], weight_decay=0.01)
    reads = Tokenizer.from_file(str(weights / "tokenizer.json"))
    reads.no_padding()
    reads.enable_truncation(MAX_TOKENS)
    done = 0
    for epoch in range(number * EPOCHS, (number + 1) * EPOCHS):
        batches = _batches(lessons(epoch), random.Random(epoch))  # noqa: S311  an order, no secret
        for batch in batches:
            share = min(1.0, done / WARMUP) * max(0.02, 1 - done / (len(batches) * EPOCHS))
            for group, speed in zip(optimiser.param_groups, speeds, strict=True):
                group["lr"] = speed * share
            loss = _loss(model, batch, labels, tags, reads)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            nn.utils.clip_grad_norm_([*beside, *heads], 1.0)
            optimiser.step()
            done += 1
            progress(number * len(batches) * EPOCHS + done, len(batches) * EPOCHS * TIMES)
    return _learned(model)


def _batches(lessons: Sequence[Lesson], order: random.Random) -> list[Sequence[Lesson]]:
    """In batches of like length, in any order."""
    mixed = order.sample(lessons, len(lessons))
    room = BATCH * 40
    alike = [sorted(mixed[at : at + room], key=lambda one: len(one.before) + len(one.text)) for at in range(0, len(mixed), room)]
    batches = [some[at : at + BATCH] for some in alike for at in range(0, len(some), BATCH)]
    return order.sample(batches, len(batches))


def _loss(model: Reading, batch: Sequence[Lesson], labels: Sequence[str], tags: Sequence[str], reads: Tokenizer) -> torch.Tensor:
    put = [tokens(reads, one.before, one.text) for one in batch]
    longest = max(len(ids) for ids, *_ in put)

    def padded(rows: Sequence[Sequence[float]], filling: float, kind: torch.dtype) -> torch.Tensor:
        return torch.tensor([[*row, *[filling] * (longest - len(row))] for row in rows], dtype=kind)

    ids = padded([ids for ids, *_ in put], 0, torch.long)
    mask = padded([[1] * len(ids) for ids, *_ in put], 0, torch.long)
    types = padded([types for _, types, *_ in put], 0, torch.long)
    own = padded([own for _, _, own, _ in put], 0, torch.float32)
    asked = torch.tensor([labels.index(one.label) if one.label else _NONE for one in batch])
    rows = [_tags(one, len(ids), places, tags) for one, (ids, _, _, places) in zip(batch, put, strict=True)]
    said = padded(rows, _NONE, torch.long)
    label, tag, keep = model(ids, types, own, mask)
    loss = torch.zeros(())
    if (asked != _NONE).any():
        loss = loss + functional.cross_entropy(label, asked, ignore_index=_NONE, label_smoothing=SMOOTHING)
    if (said != _NONE).any():
        loss = loss + functional.cross_entropy(tag.flatten(0, 1), said.flatten(), ignore_index=_NONE)
    goes_on = torch.tensor([one.keeps is not None for one in batch])
    if goes_on.any():
        kept = torch.tensor([[float(name in (one.keeps or ())) for name in KEPT] for one in batch])
        loss = loss + functional.binary_cross_entropy_with_logits(keep[goes_on], kept[goes_on])
    return loss


def _tags(lesson: Lesson, length: int, places: Sequence[tuple[int, int]], tags: Sequence[str]) -> list[float]:
    """The number of each token's tag; none outside words."""
    row: list[float] = [_NONE] * length
    for at, (start, end) in enumerate(places, length - len(places) - 1):
        for (first, last), tag in zip(lesson.words, lesson.tags, strict=True):
            if start < last and end > first:
                row[at] = tags.index(tag)
                break
    return row


def _learned(model: Reading) -> dict[str, Learned]:
    arrays: dict[str, Learned] = {}
    for name in ("label", "tag", "keep"):
        head: nn.Linear = getattr(model, name)
        arrays |= {f"{name}.weight": head.weight.detach().numpy(), f"{name}.bias": head.bias.detach().numpy()}
    for holder, name, full in _maps(model):
        beside: _Beside = getattr(holder, name)
        arrays |= {f"{full}.a": beside.a.detach().numpy(), f"{full}.b": beside.b.detach().numpy()}
    return arrays


def _mean(learned: Sequence[dict[str, Learned]]) -> dict[str, NDArray[np.float16]]:
    """In half precision, as what is learned beside a map is small against it. The mean of products b a is one product of longer
    ones."""
    mean: dict[str, Learned] = {}
    for name in learned[0]:
        all_of_it = [one[name] for one in learned]
        if name.endswith(".a"):
            mean[name] = np.concatenate(all_of_it, 0)
        elif name.endswith(".b"):
            mean[name] = np.concatenate(all_of_it, 1) / np.float32(len(learned))
        else:
            mean[name] = np.mean(all_of_it, 0, dtype=np.float32)
    return {name: values.astype(np.float16) for name, values in mean.items()}


def taught(weights: Path, file: Path) -> tuple[Reading, dict[str, list[str]]]:
    """What `teach` wrote, taken into the model's weights; and its labels and tags."""
    with np.load(file) as stored:
        meta = json.loads(stored["meta"].tobytes())
        arrays = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files if name != "meta"}
    model = Reading(weights, len(meta["labels"]), len(meta["tags"])).eval()
    for name in ("label", "tag", "keep"):
        head: nn.Linear = getattr(model, name)
        head.load_state_dict({part: arrays[f"{name}.{part}"] for part in ("weight", "bias")})
    for holder, name, full in _maps(model):
        getattr(holder, name).weight.data += SCALE * arrays[f"{full}.b"] @ arrays[f"{full}.a"]
    return model, {"labels": meta["labels"], "tags": meta["tags"]}
