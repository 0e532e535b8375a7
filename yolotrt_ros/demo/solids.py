# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convex solids with flat faces: boxes, prisms and turned shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from yolotrt_ros.demo.arrays import Floats, Image, Ints

Colour = Sequence[float]
"""Blue, green, red, 0-255."""


@dataclass(frozen=True)
class Light:
    """
    One distant lamp and an even ambient light.

    :param direction: float64 (3,), unit vector towards the lamp.
    :param ambient: share of the brightness that does not depend on direction, 0-1.
    """

    direction: Floats
    ambient: float

    def shade(self, normals: Floats) -> Floats:
        """Return the brightness (N,) of surfaces with these unit normals (N, 3), about 0.3-1.1."""
        lamp = np.clip(normals @ self.direction, 0, None)
        sky = 0.5 + 0.5 * normals[:, 2]
        return self.ambient * (0.6 + 0.4 * sky) + (1.1 - self.ambient) * lamp


@dataclass(frozen=True)
class Texture:
    """
    A picture glued to a face.

    :param levels: the picture and its halvings, largest first, each uint8 (h, w, 3).
    :param origin: point (3,) under the picture's top left corner.
    :param across: vector (3,) along the picture's top edge, to its end.
    :param down: vector (3,) along its left edge, to its end.
    """

    levels: tuple[Image, ...]
    origin: Floats
    across: Floats
    down: Floats


@dataclass(frozen=True)
class Solid:
    """
    A convex body: its visible faces never hide one another, so they need no order.

    :param vertices: float64 (V, 3), metres.
    :param centre: float64 (3,), the mean of the vertices.
    :param faces: int32 (F, K), vertex numbers; faces with fewer corners repeat their last.
    :param normals: float64 (F, 3), unit vectors that point outwards.
    :param offsets: float64 (F,): a face lies where normal · point = offset.
    :param colours: float64 (F, 3), blue-green-red 0-255, lit once the solid is placed.
    :param shades: float64 (F,), the brightness that the light gives each face.
    :param textures: pictures by face number.
    :param layer: solids of one prop are drawn by layer first, then from far to near.
    :param owned: False leaves the solid out of its prop's silhouette (the post of a sign).
    """

    vertices: Floats
    centre: Floats
    faces: Ints
    normals: Floats
    offsets: Floats
    colours: Floats
    shades: Floats
    textures: dict[int, Texture] = field(default_factory=dict)
    layer: int = 0
    owned: bool = True

    def placed(self, position: Floats, yaw: float, light: Light) -> Solid:
        """Return this solid turned about z, moved to ``position`` (3,) and lit."""
        sin, cos = np.sin(yaw), np.cos(yaw)
        turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])  # row vectors
        normals = self.normals @ turn
        shades = light.shade(normals)
        return replace(
            self,
            vertices=self.vertices @ turn + position,
            centre=self.centre @ turn + position,
            normals=normals,
            offsets=self.offsets + normals @ position,
            colours=self.colours * shades[:, None],
            shades=shades,
            textures={
                face: Texture(t.levels, t.origin @ turn + position, t.across @ turn, t.down @ turn)
                for face, t in self.textures.items()
            },
        )


def box(
    size: Sequence[float],
    centre: Sequence[float],
    colour: Colour,
    layer: int = 0,
    owned: bool = True,
) -> Solid:
    """
    Return a box; its faces are -x, +x, -y, +y, -z, +z.

    :param size: metres along x, y and z.
    """
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    faces = [[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]]
    return _solid(signs * np.array(size) / 2 + np.array(centre), faces, colour, layer, owned)


def prism(
    outline: ArrayLike,
    thickness: float,
    colour: Colour,
    layer: int = 0,
    owned: bool = True,
) -> Solid:
    """
    Return an upright slab: face 0 looks to +x, face 1 to -x, the rest are the rim.

    :param outline: convex polygon of (y, z) corners, metres.
    :param thickness: metres along x, half of it on each side of x = 0.
    """
    yz = np.array(outline, float)
    count = len(yz)
    front, back = np.full((count, 1), thickness / 2), np.full((count, 1), -thickness / 2)
    vertices = np.concatenate([np.hstack([front, yz]), np.hstack([back, yz])])
    rim = [[i, (i + 1) % count, (i + 1) % count + count, i + count] for i in range(count)]
    faces = [list(range(count)), list(range(count, 2 * count)), *rim]
    return _solid(vertices, faces, colour, layer, owned)


def turned(
    profile: Sequence[tuple[float, float]],
    colours: Sequence[Colour],
    segments: int = 28,
    layer: int = 0,
    owned: bool = True,
) -> Solid:
    """
    Return a body of revolution about z, closed by two lids.

    :param profile: (radius, z) in metres from bottom to top, convex.
    :param colours: one per band between profile points, then one for both lids.
    """
    angles = np.arange(segments) * (2 * np.pi / segments)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vertices = np.concatenate(
        [np.hstack([ring * radius, np.full((segments, 1), z)]) for radius, z in profile]
    )
    faces: list[list[int]] = []
    face_colours: list[Colour] = []
    for band, colour in enumerate(colours[:-1]):
        for i in range(segments):
            j = (i + 1) % segments
            low, high = band * segments, (band + 1) * segments
            faces.append([low + i, low + j, high + j, high + i])
            face_colours.append(colour)
    for start in (0, (len(profile) - 1) * segments):  # lids, as fans of quadrilaterals
        for i in range(1, segments - 1, 2):
            faces.append([start, start + i, start + i + 1, start + min(i + 2, segments - 1)])
            face_colours.append(colours[-1])
    return _solid(vertices, faces, face_colours, layer, owned)


def _solid(
    vertices: Floats,
    faces: list[list[int]],
    colour: Colour | Sequence[Colour],
    layer: int,
    owned: bool,
) -> Solid:
    longest = max(len(face) for face in faces)
    padded = np.array([face + face[-1:] * (longest - len(face)) for face in faces], np.int32)
    corners = vertices[padded[:, :3]]
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals: Floats = np.asarray(crossed, np.float64)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    centre = vertices.mean(axis=0)
    outwards = corners[:, 0] - centre
    normals[(normals * outwards).sum(axis=1) < 0] *= -1.0
    return Solid(
        vertices=vertices,
        centre=centre,
        faces=padded,
        normals=normals,
        offsets=(normals * corners[:, 0]).sum(axis=1),
        colours=np.broadcast_to(np.array(colour, float), (len(faces), 3)),
        shades=np.ones(len(faces)),
        layer=layer,
        owned=owned,
    )
