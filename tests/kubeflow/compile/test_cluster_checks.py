"""What is wrong with a configuration on a cluster only."""

from pathlib import Path

import pytest

from kubeflow.compile.cluster_checks import cluster_problems
from kubeflow.compile.load import load_for_cluster
from pipeline.config.errors import ConfigError
from pipeline.config.load import check_config, load_config
from tests.fakes.kubeflow.clusters import DIGITS, EVERYTHING


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "everything.yaml"
    path.write_text(EVERYTHING)
    return path


def problems(config: Path, *overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as error:
        load_for_cluster(config, overrides)
    return {problem.path: problem.message for problem in error.value.problems}


def test_nothing_is_wrong_with_everything(config: Path) -> None:
    assert load_for_cluster(config).kubeflow
    assert load_for_cluster(DIGITS).kubeflow


def test_a_configuration_without_a_cluster() -> None:
    tree = {
        "data": {"source": "digits"},
        "gate": {"min_accuracy": 0.9},
        "push": {"model_name": "x"},
    }
    [problem] = cluster_problems(check_config(tree))
    assert problem.path == "kubeflow"
    assert "is missing; write for example `kubeflow: {image:" in problem.message
    # What else such a configuration needs is told at once.
    config = check_config({**tree, "data": {"path": "pets"}}, check_paths=False)
    assert [one.path for one in cluster_problems(config)] == ["kubeflow", "data.path"]


@pytest.mark.parametrize(
    ("override", "path", "message"),
    [
        ("data.path=images", "data.path", "received images: is relative to where"),
        ("data.path=/data/{SPAN}", "data.path", "is not on a volume of kubeflow.volumes"),
        ("data.path=s3://bucket/images", "data.path", "mount any other as a volume"),
        ("push.folder=served", "push.folder", "with --set push.folder=..."),
        ("push.folder=/served", "push.folder", "mounted: /mnt/pipeline, /mnt/images"),
        ("data.schema_path=schema.pbtxt", "data.schema_path", "a pod has no such place"),
        ("model.weights=weights.h5", "model.weights", "give an absolute path"),
        (
            "trainer.distribution=one_device",
            "trainer.distribution",
            "the Trainer's pod has 2 GPUs, and would use one",
        ),
        (
            "trainer.distribution=multi_worker",
            "kubeflow.training",
            "is needed for trainer.distribution: multi_worker",
        ),
    ],
)
def test_what_a_pod_would_not_find_or_use(
    config: Path, override: str, path: str, message: str
) -> None:
    found = problems(config, override)
    assert list(found) == [path]
    assert message in found[path]


def test_one_device_contradicts_several_pods(config: Path) -> None:
    found = problems(config, "trainer.distribution=one_device", "kubeflow.training={pods: 2}")
    assert list(found) == ["kubeflow.training"]
    assert (
        "trains on 2 pods, and trainer.distribution: one_device on one"
        in found["kubeflow.training"]
    )


def test_a_dataset_of_tfds_needs_a_folder_that_lasts(config: Path) -> None:
    found = problems(config, "data={source: tfds, name: mnist}")
    assert "TFDS' own folder is in the pod" in found["data.path"]


@pytest.mark.parametrize("place", ["gs://bucket/images", "/mnt/images/{SPAN}/manifest.csv"])
def test_places_that_pods_find(config: Path, place: str) -> None:
    source = "manifest" if place.endswith("csv") else "folder"
    assert load_for_cluster(config, [f"data.path={place}", f"data.source={source}"])


def test_the_same_file_is_right_for_one_machine(config: Path) -> None:
    """Paths that only a cluster has, or has not, are no mistake in a local run."""
    assert load_config(config, ["data.path=images"], check_paths=False).kubeflow
