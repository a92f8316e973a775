"""Problems of a configuration that only matter on a cluster."""

from pathlib import Path

import pytest

from kubeflow.compile.cluster_checks import cluster_problems, load_for_cluster
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


def test_valid_configurations(config: Path) -> None:
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
    # Other problems are reported at the same time.
    config = check_config({**tree, "data": {"path": "pets"}}, check_paths=False)
    assert [one.path for one in cluster_problems(config)] == ["kubeflow", "data.path"]


@pytest.mark.parametrize(
    ("override", "path", "message"),
    [
        ("data.path=images", "data.path", "received images: is relative to the working"),
        ("data.path=/data/{SPAN}", "data.path", "is not on a volume of kubeflow.volumes"),
        ("data.path=s3://bucket/images", "data.path", "mount any other as a volume"),
        ("push.folder=served", "push.folder", "with --set push.folder=..."),
        ("push.folder=/served", "push.folder", "mounted: /mnt/pipeline, /mnt/images"),
        ("data.schema_path=schema.pbtxt", "data.schema_path", "which a pod does not have"),
        ("model.weights=weights.h5", "model.weights", "give an absolute path"),
        (
            "trainer.distribution=one_device",
            "trainer.distribution",
            "the Trainer's pod has 2 GPUs, and would use only one",
        ),
        (
            "trainer.distribution=multi_worker",
            "kubeflow.training",
            "is needed for trainer.distribution: multi_worker",
        ),
    ],
)
def test_settings_that_do_not_fit_a_pod(
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


def test_two_stages_whose_names_are_one_parameter(config: Path) -> None:
    stages = "trainer.stages=[{name: head}, {name: fine-tune}, {name: fine_tune}]"
    assert problems(config, stages) == {
        "trainer.stages[2]": "its name becomes the parameter epochs_fine_tune in KFP, as that of "
        "trainer.stages[1] does; rename one"
    }


def test_a_tfds_dataset_needs_a_folder_on_a_volume(config: Path) -> None:
    found = problems(config, "data={source: tfds, name: mnist}")
    assert "TFDS' default folder is deleted with the pod" in found["data.path"]


@pytest.mark.parametrize("place", ["gs://bucket/images", "/mnt/images/{SPAN}/manifest.csv"])
def test_locations_that_pods_can_access(config: Path, place: str) -> None:
    source = "manifest" if place.endswith("csv") else "folder"
    assert load_for_cluster(config, [f"data.path={place}", f"data.source={source}"])


def test_the_same_file_is_valid_on_one_machine(config: Path) -> None:
    """Checks for the cluster do not apply to a local run."""
    assert load_config(config, ["data.path=images"], check_paths=False).kubeflow
