"""Where the outside data is that some tests read; they skip, and say so, where it is not."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("COUNTERFOIL_SHARED_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data")
