# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names for the array types of the demo package."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
Image = NDArray[np.uint8]
"""uint8 (H, W, 3), blue-green-red; masks are (H, W)."""
