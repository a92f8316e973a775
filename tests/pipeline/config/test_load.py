"""Loading configurations: every error is reported, in the terms of the YAML file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.errors import ConfigError
from pipeline.config.load import check_config_json, load_config
from pipeline.config.schema import PipelineConfig
from pipeline.config.suggest_key import all_keys
from pipeline.config.yaml_reader import read_yaml

GOOD = """\
data: {source: digits}
gate: {min_accuracy: 0.9}
push: {model_name: digits}
"""

# Terms of pydantic that no message may contain.
PYDANTIC = ["constrained-float", "Input should", "Carve", "pydantic", "Extra inputs", "Value error"]

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_config(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write_config


def problems(path: Path, *overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as raised:
        load_config(path, overrides)
    found = {problem.path: problem.message for problem in raised.value.problems}
    assert len(found) == len(raised.value.problems), "one error, reported twice"
    assert not [word for word in PYDANTIC if word in str(raised.value)]
    return found


def test_fills_in_every_default(write: Write) -> None:
    config = load_config(write(GOOD))
    assert config.trainer.batch_size == 32
    assert [stage.name for stage in config.trainer.stages] == ["head", "fine-tune"]


def test_sections_without_content_have_their_defaults(write: Write) -> None:
    assert load_config(write(GOOD + "trainer:\n#  batch_size: 4\n")).trainer.batch_size == 32


@pytest.mark.parametrize("text", ["1e-4", "1.0e-4", "0.0001", "1E-4"])
def test_exponent_notation_is_a_number(write: Write, text: str) -> None:
    stage = f"trainer: {{stages: [{{name: a, optimizer: {{learning_rate: {text}}}}}]}}"
    assert load_config(write(GOOD + stage)).trainer.stages[0].optimizer.learning_rate == 1e-4


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("trainer.stages[1].epochs=3", lambda c: c.trainer.stages[1].epochs == 3),
        ("trainer.stages.1.epochs=3", lambda c: c.trainer.stages[1].epochs == 3),
        (
            "trainer.stages[1].early_stopping.patience=2",
            lambda c: c.trainer.stages[1].early_stopping,
        ),
        (
            "trainer.stages[0].optimizer.learning_rate=1e-4",
            lambda c: c.trainer.stages[0].optimizer.learning_rate == 1e-4,
        ),
        ("data.splits={train: a, validation: b, test: c}", lambda c: c.data.splits.train == "a"),
        ("gate.min_accuracy=0.5", lambda c: c.gate.min_accuracy == 0.5),
        ("push.folder=a=b", lambda c: c.push.folder == "a=b"),
        ("model.alpha=", lambda c: c.model.alpha is None),
    ],
)
def test_overrides(write: Write, override: str, value: Callable) -> None:
    assert value(load_config(write(GOOD), [override]))


def test_the_last_override_wins(write: Write) -> None:
    config = load_config(write(GOOD), ["trainer.batch_size=8", "trainer.batch_size=16"])
    assert config.trainer.batch_size == 16


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.batch_size", "needs a value: --set PATH=VALUE"),
        ("=3", "is not a path"),
        ("trainer..x=3", "is not a path"),
        ("gate.min_accuracy=[", "not valid YAML"),
        ("trainer.stages[7].epochs=3", "trainer.stages has 2 entries, numbered from 0"),
        ("gate.min_accuracy.x=3", "gate.min_accuracy is 0.9, which has no keys"),
        ("gate[0]=3", "gate is {min_accuracy: 0.9}, which is not a list"),
    ],
)
def test_wrong_overrides(write: Write, override: str, message: str) -> None:
    assert message in problems(write(GOOD), override)[f"--set {override}"]


def test_reports_every_problem_at_once(write: Write) -> None:
    text = """\
data:
  source: digits
  splits: {train: 1.5, validation: {from: trian, fraction: 3}, test: true}
transform: {interpolation: Bilinar, image_size: 3.5}
model: {alpha: 0.5, backbone: ResNet50}
trainer:
  bach_size: 64
  seed: yes
  stages:
    - {name: Head, freeze: [1], optimizer: {learning_rate: fast}}
    - 3
batch_size: 3
push: {model_name: 2024}
beam: {pipeline_args: --runner=FlinkRunner}
"""
    split = (
        "allowed: number above 0 and below 1, {from: ..., fraction: ...}, or name of a folder, "
        "slice or split"
    )
    stages = "trainer.stages"
    assert problems(write(text), "model.dropout") == {
        "--set model.dropout": "needs a value: --set PATH=VALUE",
        "batch_size": "unknown key. Did you mean trainer.batch_size? Allowed here: data, "
        "transform, model, trainer, gate, serving_check, push, beam, metadata, "
        "kubeflow",
        "data.splits.train": f"received 1.5; {split}",
        "data.splits.validation.from": 'received "trian"; allowed: train, validation or test. '
        "Did you mean train?",
        "data.splits.validation.fraction": "received 3; allowed: number above 0 and below 1",
        "data.splits.test": f"received true; {split}",
        "transform.interpolation": 'received "Bilinar"; allowed: bilinear, nearest, bicubic, area '
        "or lanczos3. Did you mean bilinear?",
        "transform.image_size": "received 3.5; allowed: whole number from 32 to 2048, or empty",
        "model.alpha": "received 0.5: ResNet50 has no width multiplier; MobileNet, MobileNetV2, "
        "MobileNetV3Small, MobileNetV3Large do",
        "trainer.bach_size": "unknown key. Did you mean batch_size? Allowed here: batch_size, "
        "seed, label_smoothing, class_weights, calibrate, warm_start, mixed_precision, "
        "distribution, cache_bytes, stages",
        "trainer.seed": "received true; allowed: whole number from 0 to 4294967295",
        f"{stages}[0].name": 'received "Head"; allowed: text: a lower-case letter, then lower-case '
        "letters, digits, - and _",
        f"{stages}[0].freeze": "received [1]; allowed: all, none, auto, a share such as 0.7, a "
        "number of layers, or a layer's name",
        f"{stages}[0].optimizer.learning_rate": 'received "fast"; allowed: number above 0 and up '
        "to 10",
        f"{stages}[1]": "received 3; allowed: a section with the keys name, freeze, epochs, "
        "optimizer, augmentation, early_stopping",
        "gate": "is missing; write for example `gate: {min_accuracy: 0.9}`",
        "push.model_name": "received 2024; allowed: text: a letter, then up to 62 letters, digits, "
        "- and _. Put it in quotes to make it text",
        "beam.pipeline_args": 'received "--runner=FlinkRunner"; allowed: list of text entries',
    }


def test_missing_folders_and_files(write: Write, tmp_path: Path) -> None:
    text = GOOD.replace("{source: digits}", "{path: nowhere, schema_path: no.pbtxt}")
    text += "model: {weights: no.h5}"
    too = f"; looked in {tmp_path}, too"
    assert problems(write(text)) == {
        "data.path": f'received "nowhere": no such folder: {Path("nowhere").absolute()}{too}',
        "data.schema_path": f'received "no.pbtxt": no such file: {Path("no.pbtxt").absolute()}'
        f"{too}",
        "model.weights": f'received "no.h5": no such file: {Path("no.h5").absolute()}; '
        f"allowed: imagenet, bundled, none, or a weights file made by Keras{too}",
    }
    assert load_config(write(text), check_paths=False).data.path == "nowhere"


def test_one_error_in_the_source_is_one_problem(write: Write) -> None:
    assert list(problems(write(GOOD.replace("digits}", "digit}", 1)))) == ["data.source"]


def test_an_image_size_that_the_backbone_cannot_take(write: Write) -> None:
    text = "data: {source: digits}\nmodel: {backbone: Xception}\ntransform: {image_size: 64}\n"
    found = problems(write(text + "push: {model_name: x}"))
    assert found["model.backbone"] == (
        'received "Xception": needs images of at least 71 pixels; transform.image_size is 64'
    )
    assert "gate" in found


def test_an_image_size_that_a_fully_connected_top_cannot_take(write: Write) -> None:
    text = GOOD + "model: {backbone: VGG16, include_top: true}\ntransform: {image_size: 160}\n"
    found = problems(write(text))
    assert found["model.include_top"] == (
        "received true: the fully connected layers of VGG16 take images of 224 pixels only; "
        "transform.image_size is 160"
    )
    assert load_config(write(text), ["transform.image_size=224"]).model.include_top
    assert load_config(write(text), ["model.include_top=false"]).image_size == 160


def test_an_infra_validator_without_the_serving_check(write: Write) -> None:
    text = GOOD + "serving_check: {enabled: false, infra_validator: {images: 4}}\n"
    assert problems(write(text)) == {
        "serving_check.infra_validator": "received {images: 4}: it is part of the serving "
        "check, and serving_check.enabled is false; enable the check, or leave infra_validator "
        "empty"
    }
    assert load_config(write(text), ["serving_check.enabled=true"]).serving_check.infra_validator
    assert not load_config(write(text), ["serving_check.infra_validator="]).serving_check.enabled


def test_set_changes_one_of_two_stages_that_share_an_anchor(write: Write) -> None:
    shared = """\
trainer:
  stages:
    - {name: one, optimizer: &adam {learning_rate: 0.1}}
    - {name: two, optimizer: *adam}
"""
    stages = load_config(write(GOOD + shared), ["trainer.stages[1].optimizer.learning_rate=0.2"])
    rates = [stage.optimizer.learning_rate for stage in stages.trainer.stages]
    assert rates == [0.1, 0.2]


@pytest.mark.parametrize("freeze", [0.0, 0.7, 1.0, 100, 1, -20, "block_15_add", "auto"])
def test_what_can_be_frozen(write: Write, freeze: float | str) -> None:
    stages = f"trainer.stages=[{{name: head, freeze: {freeze}}}]"
    [stage] = load_config(write(GOOD), [stages]).trainer.stages
    # 1.0 is all layers, 1 is one.
    assert (stage.freeze, type(stage.freeze)) == (freeze, type(freeze))


@pytest.mark.parametrize("freeze", ["1.5", "2.0", "-0.1", "true"])
def test_what_cannot_be_frozen(write: Write, freeze: str) -> None:
    found = problems(write(GOOD), f"trainer.stages=[{{name: head, freeze: {freeze}}}]")
    assert "allowed: all, none, auto, a share" in found["trainer.stages[0].freeze"]


def test_an_unknown_backbone_suggests_the_closest_one(write: Write) -> None:
    found = problems(write(GOOD), "model.backbone=mobilenetv2")
    assert "unknown backbone. Did you mean MobileNetV2? Allowed: " in found["model.backbone"]


def test_dotted_keys_in_a_file(write: Write) -> None:
    assert problems(write(GOOD + "trainer.batch_size: 64")) == {
        "trainer.batch_size": "unknown key; dotted keys work only with --set. In a file, write "
        "trainer: {batch_size: ...}"
    }


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("data: [1", "line 1, column 9", "this is not valid YAML"),
        ("a: 1\n\tb: 2", "line 2, column 1", "this is not valid YAML"),
        ("data: {path: a}\ndata: {path: b}", "data", "duplicate key, in lines 1 and 2; keep one"),
        ("gate:\n  x: 1\n  x: 2", "gate.x", "duplicate key, in lines 2 and 3; keep one"),
        ("gate: {1: 2}", "gate", "line 1: keys must be text"),
        ("a: &a [*a]", "a[0]", "line 1: contains itself"),
        ("- 1", "", "received [1]; allowed: sections such as data:, gate: and push:"),
        ("a: !!python/name:os.system x", "line 1, column 4", "this is not valid YAML"),
    ],
)
def test_invalid_yaml(write: Write, text: str, where: str, message: str) -> None:
    assert message in problems(write(text))[where]


def test_an_empty_file_says_what_to_write(write: Write) -> None:
    assert problems(write("")) == {
        "data": "is missing; write for example `data: {path: FOLDER}`",
        "gate": "is missing; write for example `gate: {min_accuracy: 0.9}`",
        "push": "is missing; write for example `push: {model_name: flowers}`",
    }


def test_a_missing_setting_says_what_it_is(write: Write) -> None:
    message = problems(write(GOOD.replace("min_accuracy: 0.9", "")))["gate.min_accuracy"]
    assert message.startswith(
        "is missing; allowed: number above 0 and up to 1. Lowest test accuracy"
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "there is no such file" in problems(tmp_path / "no.yaml")[""]
    assert "this is a folder" in problems(tmp_path)[""]
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in problems(tmp_path / "binary.yaml")[""]


@pytest.mark.parametrize("value", ["{a: 1}", "{a: {b: 1}}", "[{a: 1}]", "[[]]", "3.5", "[x]", "~"])
def test_no_mistake_is_reported_as_no_problem(write: Write, value: str) -> None:
    path = write(GOOD)
    for key in all_keys(PipelineConfig):
        if "[" not in key and ".NAME" not in key:
            try:
                load_config(path, [f"{key}={value}"])
            except ConfigError as error:
                assert error.problems, key
                assert all(one.message.count("received") < 2 for one in error.problems), key


def test_a_mapping_in_place_of_a_list_is_explained(write: Write) -> None:
    found = problems(write(GOOD + "trainer: {stages: {head: {epochs: 3}}}"))
    assert found == {
        "trainer.stages": "received {head: {epochs: 3}}; allowed: list of sections, at least 1. "
        "Write the entries of a list in brackets, or each on a line after a dash"
    }


def test_a_text_in_place_of_a_section_gets_an_example(write: Write) -> None:
    found = problems(write(GOOD.replace("{source: digits}", "images")))
    assert found["data"].startswith('received "images"; allowed: a section with the keys source, ')
    assert found["data"].endswith("Write for example `data: {path: FOLDER}`")


def test_a_value_is_received_once(write: Write) -> None:
    stage = "trainer: {stages: [{name: a, epochs: 2, optimizer: {warmup_epochs: 2}}]}"
    assert problems(write(GOOD + stage)) == {
        "trainer.stages[0].optimizer.warmup_epochs": "received 2; allowed: less than the epochs of "
        "the stage, which are 2, or the rate never reaches learning_rate"
    }


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("push.folder=/a b/c #1", "/a b/c #1"),
        ("push.folder=#1", "#1"),
        ("push.folder=1:30", "1:30"),
        ("push.folder=2026-11-30", "2026-11-30"),
        ("push.folder= /a ", "/a"),
        ("push.folder='a #b'", "a #b"),
    ],
)
def test_what_yaml_would_read_as_something_else_is_text(
    write: Write, override: str, value: str
) -> None:
    assert load_config(write(GOOD), [override]).push.folder == value
    # As the parameters of a Kubeflow run arrive.
    parameters = ["push.keep=0012", override]
    config = check_config_json(json.dumps(read_yaml(GOOD)), parameters)
    assert (config.push.folder, config.push.keep) == (value, 12)
