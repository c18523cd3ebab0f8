"""What a vector is here. Apart from the model, so that those who only keep vectors never load it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
Vectors = NDArray[np.float32]
