"""Packaging of image-pipeline: the ranges that `make lock` resolves into requirements.lock."""

from setuptools import find_packages, setup

INSTALL_REQUIRES = [
    # The newest TFX whose dependencies have wheels for glibc older than 2.39, which 1.17 to 1.21
    # ask for. TensorFlow, TFT and TFMA are the versions that belong to it.
    "tfx==1.16.0",
    "tensorflow>=2.16.2,<2.17",
    "tensorflow-transform>=1.16,<1.17",
    "tensorflow-model-analysis>=0.47,<0.48",
    # 3.10 and older run code from a .keras file even in safe_mode.
    "keras>=3.12,<3.13",
    # TFX 1.16's own tests ran on 2.59; the DirectRunner of newer ones first downloads a binary.
    "apache-beam>=2.59,<2.60",
    # TFX imports dill without requiring it, and newer Beam releases no longer install it. Bounds as
    # in Beam 2.59.
    "dill>=0.3.1.1,<0.3.2",
    "cloudpickle>=2.2.1,<3",
    # 2.6 needs protobuf 4, TFX 1.16 needs protobuf 3.
    "kfp==2.5.0",
    # TFX 1.16 was tested below each of these bounds: 26.1.0, 1.26.4, 1.5.3 and 1.26.20.
    "kubernetes<27",
    "numpy>=1.26,<2",
    "pandas<2",
    "urllib3<2",
    # The TFX family imports pkg_resources, whose own deprecation warning suggests this bound.
    "setuptools<81",
    # What this project uses itself.
    # Finds labels that are probably wrong (confident learning).
    "cleanlab>=2.9,<3",
    "click>=8.1,<9",
    # Checks cron expressions of `schedule` and finds their next times.
    "cronsim>=2.7,<3",
    "grpcio",
    "jinja2>=3.1,<4",
    "matplotlib",
    # 11.3 reads AVIF as well.
    "pillow>=11.3",
    # Reads HEIC, what phones write (libheif, with limits for hostile files).
    "pillow-heif>=1.1,<2",
    "pyarrow",
    "pydantic>=2.7,<3",
    "pyyaml",
    "rich>=13",
    "scikit-learn",
    # libjpeg-turbo with its warnings of damaged data, which TensorFlow and Pillow drop.
    "simplejpeg>=1.8,<2",
    "scipy",
    # Messages of model servers, for the clients and the warm-up requests.
    "tensorflow-serving-api>=2.16,<2.17",
    # Datasets by name. Ingest reads their files itself, as 4.9 describes them.
    "tensorflow-datasets>=4.9.10,<4.10",
    "typing-extensions>=4.9",
]

DEV_REQUIRES = [
    # Property tests: examples that the tests did not think of.
    "hypothesis",
    "jsonschema",
    "mypy",
    # Drives the Chromium of this machine; it downloads a browser only on request.
    "playwright",
    "psutil",
    "pytest",
    "pytest-timeout",
    # Tests on every core: whole pipelines and large models take minutes each.
    "pytest-xdist",
    "ruff",
    "types-PyYAML",
    "types-psutil",
]

# The name kubeflow belongs to another project's package. So the code in kubeflow/ imports its own
# modules relatively, and works under both names.
KUBEFLOW = "image_pipeline_kubeflow"

setup(
    name="image-pipeline",
    version="0.1.0",
    description="A production TFX pipeline for image classification by transfer learning",
    license="Apache-2.0",
    # TFX 1.16 and its compiled dependencies have wheels for Python 3.9 and 3.10, and this code is
    # written for 3.10.
    python_requires=">=3.10,<3.11",
    packages=[
        *find_packages(
            include=["pipeline", "pipeline.*", "components", "components.*", "trainer", "trainer.*"]
        ),
        *(
            name.replace("kubeflow", KUBEFLOW, 1)
            for name in find_packages(include=["kubeflow", "kubeflow.*"])
        ),
    ],
    package_dir={KUBEFLOW: "kubeflow"},
    package_data={"trainer": ["bundled/*.h5"], "components": ["report/templates/*"]},
    install_requires=INSTALL_REQUIRES,
    extras_require={"dev": DEV_REQUIRES},
    entry_points={"console_scripts": ["image-pipeline = pipeline.cli.main:main"]},
)
