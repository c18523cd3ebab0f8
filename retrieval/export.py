"""Turns the sentence-transformers weights into one int8 ONNX graph, in a process of its own: no other loads torch."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

from retrieval.teaching import Reading, taught

# Quantised, this one alone costs a quarter of all the cosine that int8 loses; in fp32 it costs a tenth of the speed.
KEPT_EXACT = ["/encoder/encoder/layer.0/output/dense/MatMul"]


class Sentences(torch.nn.Module):
    """The encoder with mean pooling over the words that are there, and vectors of length 1."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(weights, attn_implementation="eager", local_files_only=True).eval()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2.0, dim=1)


class Probable(torch.nn.Module):
    """What was taught to read, with probabilities."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.encoder, self.reading = reading.encoder, reading

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, own: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        label, tag, keep = self.reading(ids, types, own)
        return label.softmax(-1), tag.softmax(-1), keep.sigmoid()


def export(weights: Path, target: Path) -> None:
    """weights: a sentence-transformers folder. target: the .onnx file to write, its weights beside it; its folder must be there.

    The graph takes int64 `ids` and `mask` [n, tokens] and gives float32 `vectors` [n, 384].
    """
    ids = torch.tensor([[101, 2054, 2003, 102], [101, 2054, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    both = {0: "n", 1: "tokens"}
    _write(Sentences(weights), {"ids": ids, "mask": mask}, {"vectors": {0: "n"}}, {"ids": both, "mask": both}, target)


def export_reader(weights: Path, learned: Path, target: Path) -> None:
    """learned: what was taught, retrieval/reader.npz or pages.npz. Its labels and tags are written beside the target, in
    taught.json.

    The graph takes `ids` and `types` (int64) and `own` (float32), [1, tokens], as `retrieval.reader.tokens` makes them, and gives
    the probabilities `labels` [1, labels], `tags` [1, tokens, tags] and `keeps` [1, len(KEPT)].
    """
    reading, named = taught(weights, learned)
    ids = torch.tensor([[101, 2054, 2003, 102]])
    given = {"ids": ids, "types": torch.ones_like(ids), "own": torch.tensor([[0.0, 1.0, 1.0, 0.0]])}
    of_tokens = {1: "tokens"}
    _write(Probable(reading), given, {"labels": {}, "tags": of_tokens, "keeps": {}}, dict.fromkeys(given, of_tokens), target)
    target.with_name("taught.json").write_text(json.dumps(named))


def _write(
    graph: torch.nn.Module,
    given: dict[str, torch.Tensor],
    gives: dict[str, dict[int, str]],
    sizes: dict[str, dict[int, str]],
    target: Path,
) -> None:
    exact = target.with_name("exact.onnx")
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer warns of checks on padding that are the same for every input of this encoder; a parity test covers lengths.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            tuple(given.values()),
            str(exact),
            dynamo=False,
            opset_version=17,
            input_names=list(given),
            output_names=list(gives),
            dynamic_axes={**sizes, **{name: axes for name, axes in gives.items() if axes}},
        )
    # Weights in a file beside the graph are mapped into memory: of the table of words only the rows that were ever read are held,
    # where three graphs with a whole one each took 47 MB more.
    quantize_dynamic(
        exact,
        target,
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=KEPT_EXACT,
        use_external_data_format=True,
    )
    # onnx lets only its owner read it.
    target.with_name(f"{target.name}.data").chmod(target.stat().st_mode)
    exact.unlink()


if __name__ == "__main__":
    source, made, *learned_file = map(Path, sys.argv[1:])
    export_reader(source, learned_file[0], made) if learned_file else export(source, made)
