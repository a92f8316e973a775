"""The step of stage `cuda`: TensorFlow finds the libraries that it installs (2.8 GB)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.fakes.image.container import this_environment
from tests.repository import REPOSITORY

# TensorFlow opens them only if there is a GPU; here its loader is called for each.
_SCRIPT = """
import ctypes, sys
ctypes.CDLL(f"{sys.argv[1]}/libtensorflow_framework.so.2", ctypes.RTLD_GLOBAL)
tensorflow = ctypes.CDLL(f"{sys.argv[1]}/libtensorflow_cc.so.2")
for name in sys.argv[2:]:
    get = f"Get{name}DsoHandle"
    function = getattr(tensorflow, f"_ZN3tsl8internal9DsoLoader{len(get)}{get}Ev")
    result = (ctypes.c_uint64 * 2)()  # status (0 is OK) and handle
    function.restype, function.argtypes = None, [ctypes.c_void_p]
    function(ctypes.byref(result))
    if result[0] == 0 and result[1] != 0:
        print(name)
"""
LIBRARIES = ["CudaRuntime", "Cublas", "CublasLt", "Cufft", "Cusolver", "Cusparse", "Cudnn"]


def find_libraries(tensorflow: Path) -> list[str]:
    """The libraries that TensorFlow's loader finds."""
    command = [sys.executable, "-c", _SCRIPT, str(tensorflow), *LIBRARIES]
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    return subprocess.check_output(command, env=environment, text=True).split()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_tensorflow_finds_the_cuda_libraries(tmp_path: Path) -> None:
    # As in site-packages: TensorFlow, then the layer with the libraries over it.
    layer, tensorflow = tmp_path / "layer", tmp_path / "layer/tensorflow"
    step = [REPOSITORY / "kubeflow/image/install-cuda", layer, this_environment()]
    subprocess.run(step, cwd=REPOSITORY, check=True)
    tensorflow.mkdir()
    for library in Path(tf.__file__).parent.glob("lib*.so.2"):
        shutil.copy(library, tensorflow)
    assert find_libraries(tensorflow) == LIBRARIES
    assert (layer / "nvidia/cuda_nvcc/bin/ptxas").is_file()

    (layer / "nvidia").rename(layer / "elsewhere")
    assert find_libraries(tensorflow) == []
