"""Turns the sentence-transformers weights into one int8 ONNX graph, in a process of its own: no other loads torch."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

# Quantised, this one alone costs a quarter of all the cosine that int8 loses; in fp32 it costs a tenth of the speed.
KEPT_EXACT = ["/encoder/encoder/layer.0/output/dense/MatMul"]


class Sentences(torch.nn.Module):
    """The encoder with mean pooling over the words that are there, and vectors of length 1; and what it makes of each token."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(weights, attn_implementation="eager", local_files_only=True).eval()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2.0, dim=1), states


def export(weights: Path, target: Path) -> None:
    """weights: a sentence-transformers folder. target: the .onnx file to write; its folder must be there.

    The graph takes int64 `ids` and `mask` [n, tokens] and gives float32 `vectors` [n, 384] and `states` [n, tokens, 384].
    """
    exact = target.with_name("exact.onnx")
    ids = torch.tensor([[101, 2054, 2003, 102], [101, 2054, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    both = {0: "n", 1: "tokens"}
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer warns of checks on padding that are the same for every input of this encoder; a parity test covers lengths.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentences(weights),
            (ids, mask),
            str(exact),
            dynamo=False,
            opset_version=17,
            input_names=["ids", "mask"],
            output_names=["vectors", "states"],
            dynamic_axes={"ids": both, "mask": both, "vectors": {0: "n"}, "states": both},
        )
    quantize_dynamic(exact, target, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=KEPT_EXACT)
    exact.unlink()


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
