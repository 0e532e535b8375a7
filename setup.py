# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Install the package: colcon and pip both come through here."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'yolotrt_ros'


def files_in(folder: str, pattern: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob(pattern))


def files_below(folder: str) -> list[tuple[str, list[str]]]:
    """List each folder with its files, as data_files wants them."""
    folders = {path.parent for path in Path(folder).rglob('*.*') if path.is_file()}
    return [
        (f'share/{PACKAGE}/{path}', files_in(str(path), '[!.]*.*')) for path in sorted(folders)
    ]


setup(
    name=PACKAGE,
    version='0.1.0',
    description='YOLO object detection for ROS 2 with ONNX Runtime and TensorRT',
    author='yolotrt_ros authors',
    maintainer='yolotrt_ros maintainers',
    maintainer_email='yolotrt_ros@users.noreply.github.com',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={
        PACKAGE: [
            'py.typed',
            'demo/*.onnx',
            'gpu/kernels/*.cu',
            'gpu/kernels/*.cuh',
            'gpu/native/*.cpp',
        ]
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        (f'share/{PACKAGE}/launch', files_in('launch', '*.launch.py')),
        (f'share/{PACKAGE}/config', files_in('config', '*.*')),
        # The decode plugin is compiled on the machine that runs it.
        (f'share/{PACKAGE}/plugins', files_in('plugins', '*.*')),
        *files_below('plugins/cmake'),
        *files_below('plugins/include'),
        *files_below('plugins/src'),
    ],
    # On a robot rosdep brings these as system packages; pip needs their names.
    install_requires=['numpy', 'opencv-python-headless', 'onnxruntime', 'tqdm', 'pyyaml'],
    extras_require={
        'evaluate': ['pycocotools', 'matplotlib'],
        # Running engines. TensorRT itself comes with JetPack, or with `pip install tensorrt`.
        'tensorrt': ['cuda-python'],
        # Building them.
        'build': ['cuda-python', 'onnx'],
        # Recordings as input of the offline commands.
        'bags': ['rosbags'],
        # Comparing networks layer by layer.
        'agree': ['onnx', 'polygraphy'],
        'test': ['pytest', 'hypothesis'],
    },
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'yolotrt = yolotrt_ros.__main__:main',
            'build_engine = yolotrt_ros.__main__:build_engine',
            'detector_node = yolotrt_ros.ros.detector_node:main',
            'camera_node = yolotrt_ros.ros.camera_node:main',
            'bag_player = yolotrt_ros.ros.bag_player:main',
            'bag_recorder = yolotrt_ros.ros.bag_recorder:main',
            'report_node = yolotrt_ros.ros.report_node:main',
        ],
    },
)
