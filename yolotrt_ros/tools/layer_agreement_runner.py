# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The seam between a comparison by layers and what runs the networks for it.

Polygraphy, NVIDIA's tool for this, shares no code with the detector and so is the better witness;
where it is missing, the package runs them itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from importlib.util import find_spec
from typing import Any, Protocol, TYPE_CHECKING

from numpy.typing import NDArray

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.tools.layer_agreement_layers import OnnxLayers
from yolotrt_ros.tools.layer_agreement_networks import Image

if TYPE_CHECKING:
    from yolotrt_ros.gpu.device import CudaDevice

CHUNK = 32
"""Tensors fetched at a time: all of a large network need not fit in memory."""


class RunnerChoice(Enum):
    """Who runs the networks; ``auto`` is Polygraphy where it is installed."""

    AUTO = 'auto'
    POLYGRAPHY = 'polygraphy'
    OWN = 'own'


class LayerValues(Protocol):
    """
    What the tensors of one network hold for one image.

    :ivar names: the tensors that can be asked for, in the order of execution.
    """

    names: Sequence[str]

    def fetch(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Return the tensors named, batch first; those without floats are left out."""

    def close(self) -> None:
        """Free what the network holds."""


class LayerRunner(Protocol):
    """
    Something that runs networks and gives every tensor between two layers.

    :ivar kind: which one, never ``AUTO``.
    :ivar description: the same for people.
    """

    kind: RunnerChoice
    description: str

    def run_network(self, layers: OnnxLayers, image: Image) -> LayerValues:
        """
        Run an ONNX network.

        :raises GraphError: it cannot be run.
        """

    def run_engine(
        self, layers: OnnxLayers, image: Image, plan: bytes, device: CudaDevice
    ) -> LayerValues:
        """
        Run an engine that was built from the network with every tensor an output.

        :raises YolotrtError: it cannot be run.
        """


def choose_runner(choice: RunnerChoice) -> LayerRunner:
    """
    Return the runner that was asked for.

    :raises BackendError: Polygraphy was asked for and is not installed.
    """
    is_installed = find_spec('polygraphy') is not None
    if choice is RunnerChoice.POLYGRAPHY and not is_installed:
        raise BackendError(
            'Polygraphy is not installed; install it with `pip install polygraphy`, or use '
            '--runner own'
        )
    if choice is RunnerChoice.OWN or not is_installed:
        from yolotrt_ros.tools.layer_agreement_own import OwnRunner

        why = '' if choice is RunnerChoice.OWN else ', as Polygraphy is not installed'
        return OwnRunner(why)
    from yolotrt_ros.tools.layer_agreement_polygraphy import PolygraphyRunner

    return PolygraphyRunner()
