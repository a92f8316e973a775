"""`--param`: the resulting configuration, and which option has an error."""

import json

import pytest

from components.errors import UserError
from kubeflow.compile.cluster_checks import load_for_cluster
from kubeflow.deploy.parameter_check import read_parameters
from pipeline.config.schema import PipelineConfig
from tests.fakes.kubeflow.clusters import DIGITS

TOO_HIGH = {
    "data": {"source": "digits"},
    "gate": {"min_accuracy": 2},
    "push": {"model_name": "d"},
}


@pytest.fixture(scope="module")
def config() -> PipelineConfig:
    return load_for_cluster(DIGITS)


def test_values_are_strings(config: PipelineConfig) -> None:
    given = ("epochs_head=2", "min_accuracy=0.5", "data_path=", "epochs_head=3")
    assert read_parameters(config, given) == {"epochs_head": "3", "min_accuracy": "0.5"}
    assert read_parameters(config, ()) == {}


def test_a_whole_configuration(config: PipelineConfig) -> None:
    tree = {
        "data": {"source": "digits"},
        "gate": {"min_accuracy": 0.1},
        "push": {"model_name": "d"},
    }
    text = json.dumps(tree)
    assert read_parameters(config, (f"config={text}",)) == {"config": text}
    # Blank values are dropped: in a pod they would replace the configuration.
    assert read_parameters(config, ("config= ",)) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["spam=7"],
            r"--param spam=7: the pipeline has no parameter 'spam'\nIts .*: data_path, ep",
        ),
        (["span"], "--param span is not NAME=VALUE"),
        (["min_accuracy=lots"], "--param min_accuracy: gate.min_accuracy: received"),
        (["span=7"], r"--param span: data.span: .*has no \{SPAN\} for it"),
        (["data_path=["], r"--param data_path: (?!.*--set)"),
        (["config={"], "--param config: is not valid JSON"),
        (["config=[]"], "--param config: is not a JSON object"),
        (["config={}", "min_accuracy=0.5"], "--param config: data: is missing"),
        (["config={}", "min_accuracy=2"], r"--param min_accuracy: gate.min_accuracy: received 2"),
        (
            [f"config={json.dumps(TOO_HIGH)}", "min_accuracy="],
            "--param config: gate.min_accuracy: received 2",
        ),
        (["data_path=[", "min_accuracy=2"], r"--param data_path: .*\n--param min_accuracy: gate"),
    ],
)
def test_errors_name_the_option(config: PipelineConfig, given: list[str], message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}|\n{message}") as caught:
        read_parameters(config, given)
    assert ("--param config" in str(caught.value)) == any("config=" in one for one in given)
