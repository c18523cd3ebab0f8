"""Measures with their intervals, by drawing again what was measured, with one seed: a run is told the same way twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

RESAMPLES = 1000
Places = NDArray[np.int64]
Values = NDArray[np.float64]


class Figure(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} (95 %: {self.low:.3f} to {self.high:.3f})"


def resampled(value: Callable[[Places], float], groups: Sequence[Sequence[int]]) -> Figure:
    """value: of some of what was measured, by its places. groups: places that are drawn together, as they are alike."""
    of = [np.asarray(group, np.int64) for group in groups]
    chance = np.random.default_rng(0)
    drawn = [value(np.concatenate([of[n] for n in chance.integers(len(of), size=len(of))])) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Figure(value(np.concatenate(of)), float(low), float(high))


def spearman(one: Values, other: Values) -> float:
    """Rank correlation, ties by their mean rank; NaN where all of one are alike."""
    if not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(spearmanr(one, other).statistic)


def auroc(values: Values, right: NDArray[np.bool_]) -> float:
    """How likely a right one has the higher value than a wrong one, ties counting half; NaN without either."""
    return float("nan") if right.all() or not right.any() else float(roc_auc_score(right, values))
