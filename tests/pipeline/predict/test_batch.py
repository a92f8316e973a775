"""Predictions in shards: their contents, and resuming after any kind of end."""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest

from pipeline.cli.main import cli
from pipeline.predict.batch_plan import Job, Plan, PlanError, fingerprint_model, open_plan
from pipeline.predict.inputs import Listed, list_images
from tests.fakes.models.pushed_model import exported_model, write_image
from tests.repository import REPOSITORY

JOB = Job(model="/models/1", model_sha256="abc", format="parquet", top=1, shard_size=4)

# Kills itself just before the nth rename of a file whose name contains a text.
DIES = """
import os, signal, sys
from pathlib import Path
text, left = sys.argv[1], int(sys.argv[2])
replace = Path.replace
def replace_or_die(self, target):
    global left
    left -= text in self.name
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = replace_or_die
sys.argv[1:] = sys.argv[3:]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten images, and a file that is not an image."""
    for index in range(10):
        write_image(tmp_path / f"pics/{index}.png", "red" if index % 3 else "blue", index)
    (tmp_path / "pics/words.jpg").write_text("no image")
    return tmp_path / "pics"


def predict(model: Path, folder: Path, output: Path, *options: str) -> int:
    arguments = ["predict", str(model), str(folder), "--batch", "--output", str(output), *options]
    return int(cli(arguments, standalone_mode=False))


def contents(output: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    files = [path for path in output.rglob("*") if path.is_file()]
    return {str(path.relative_to(output)): path.read_bytes() for path in files}


def start(output: Path, job: Job, listed: Sequence[Listed]) -> Plan:
    with open_plan(output, job, listed) as plan:
        return plan


def test_shards_contain_the_predictions(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    assert predict(exported_model(), folder, output, "--shard-size", "4", "--top", "2") == 1
    assert sorted(path.name for path in output.iterdir()) == [
        "_plan",
        "part-00000-of-00003.parquet",
        "part-00001-of-00003.parquet",
        "part-00002-of-00003.parquet",
    ]
    rows = pq.read_table(output).to_pylist()
    assert [row["path"] for row in rows] == [str(path) for path in sorted(folder.iterdir())]
    assert [row["label"] for row in rows] == [
        *("blue", "red", "red") * 3,
        "blue",
        None,
    ]
    assert rows[0]["top"][0] == {"label": "blue", "score": rows[0]["score"]}
    assert [one["label"] for one in rows[0]["top"]] == ["blue", "red"]
    assert rows[10]["error"].startswith("not an image: ") and rows[10]["score"] is None
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"{output}: 11 predictions in 3 files of Parquet.\n1 of 11 files could not be classified.\n"
    )
    assert predict(exported_model(), folder, output, "--shard-size", "4", "--top", "2") == 1
    assert "11 predictions in 3 files of Parquet, complete before.\n" in capfd.readouterr().err


def test_jsonl_shards_equal_the_output_of_json(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert predict(exported_model(), folder, tmp_path / "out", "--format", "jsonl") == 1
    capfd.readouterr()
    assert cli(["predict", str(exported_model()), str(folder), "--json"], standalone_mode=False)
    printed = capfd.readouterr().out
    assert (tmp_path / "out/part-00000-of-00001.jsonl").read_text() == printed


def test_after_a_kill_only_missing_shards_are_done(folder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert predict(exported_model(), folder, whole, "--shard-size", "2") == 1

    arguments = ["predict", str(exported_model()), str(folder)]
    arguments += ["--batch", "--output", str(killed), "--shard-size", "2"]
    main = "from pipeline.cli.main import main; main()"
    process = subprocess.run(
        [sys.executable, "-c", DIES + main, "part-", "3", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        timeout=300,
    )
    assert process.returncode == -signal.SIGKILL
    done = {path.name: path.stat() for path in killed.glob("part-*")}
    assert len(done) == 2
    assert len(list(killed.glob(".part-*.partial"))) == 1  # The shard that it was writing.

    assert predict(exported_model(), folder, killed, "--shard-size", "2") == 1
    assert contents(killed) == contents(whole)
    for name, before in done.items():
        after = (killed / name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_unfinished_plan_is_made_again(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    code = (
        "from pipeline.predict.batch_plan import *\n"
        "from pipeline.predict.inputs import list_images\n"
        "job = Job('/models/1', 'abc', 'parquet', 1, 2)\n"
        "with open_plan(Path(sys.argv[1]), job, list_images(sys.argv[2:])): pass"
    )
    process = subprocess.run(
        [sys.executable, "-c", DIES + code, "plan.json", "1", str(output), str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        timeout=300,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    assert (output / "_plan/inputs-00005.jsonl").exists()
    assert not (output / "_plan/plan.json").exists()
    plan = start(output, JOB, list(list_images([str(folder)])))
    assert plan.missing == [0, 1, 2]
    paths = [one.path for shard in range(3) for one in plan.read_inputs(shard)]
    assert paths == [str(path) for path in sorted(folder.iterdir())]
    # Leftovers of the first plan are removed.
    assert not (output / "_plan/inputs-00003.jsonl").exists()


def test_another_model_is_refused(tmp_path: Path) -> None:
    start(tmp_path / "out", JOB, [Listed("a.png")])
    other = Job("/models/2", "def", "parquet", 1, 4)
    message = r"was started with another model: /models/1, not /models/2.\nUse that model"
    with pytest.raises(PlanError, match=message):
        start(tmp_path / "out", other, [Listed("a.png")])
    # A copy of the model elsewhere is the same.
    start(tmp_path / "out", Job("/copy", "abc", "parquet", 1, 4), [Listed("a.png")])


def test_other_options_are_refused(tmp_path: Path) -> None:
    start(tmp_path / "out", JOB, [Listed("a.png")])
    with pytest.raises(PlanError, match="was started with --shard-size 4, not 5"):
        start(tmp_path / "out", Job("/models/1", "abc", "parquet", 1, 5), [Listed("a.png")])
    with pytest.raises(PlanError, match="was started with --format parquet, not jsonl"):
        start(tmp_path / "out", Job("/models/1", "abc", "jsonl", 1, 4), [Listed("a.png")])


def test_other_files_are_refused(folder: Path, tmp_path: Path) -> None:
    def again() -> Plan:
        return start(tmp_path / "out", JOB, list(list_images([str(folder)])))

    again()
    again()
    write_image(folder / "55.png", "red")
    with pytest.raises(PlanError, match=r"started with other files: .*/55.png is new"):
        again()
    (folder / "55.png").unlink()
    (folder / "7.png").rename(tmp_path / "7.png")
    with pytest.raises(PlanError, match=r"started with other files: .*/7.png is gone"):
        again()
    (folder / "7.png").write_bytes(b"another one")
    with pytest.raises(PlanError, match=r"started with other files: .*/7.png has changed"):
        again()


def test_the_output_folder_must_not_contain_anything_else(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"contains other files, such as 0.png.\nChoose another"):
        start(folder, JOB, [Listed("a.png")])
    with pytest.raises(PlanError, match="is among the images"):
        start(folder / "_new", JOB, [Listed(str(folder / "_new" / "a.png"))])
    with pytest.raises(PlanError, match="cannot be used: Not a directory"):
        start(folder / "0.png" / "out", JOB, [Listed("a.png")])
    (tmp_path / "out/_plan").mkdir(parents=True)
    (tmp_path / "out/_plan/plan.json").write_text("{}")
    with pytest.raises(PlanError, match="plan.json cannot be read"):
        start(tmp_path / "out", JOB, [Listed("a.png")])


def test_only_one_process_writes(tmp_path: Path) -> None:
    (tmp_path / "_plan").mkdir()
    other = os.open(tmp_path / "_plan", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(PlanError, match="another process is writing to"):
        start(tmp_path, JOB, [Listed("a.png")])
    os.close(other)
    assert start(tmp_path, JOB, [Listed("a.png")]).files == 1


def test_names_that_are_not_utf8_survive_the_plan(tmp_path: Path) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/\xff.png")
    plan = start(tmp_path / "out", JOB, [Listed(path), Listed("/x", "cannot be listed")])
    assert list(plan.read_inputs(0)) == [Listed(path), Listed("/x", "cannot be listed")]


def test_the_fingerprint_ignores_the_origin_of_a_version(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_text("graph")
    (tmp_path / "variables/variables.index").write_text("1")
    first = fingerprint_model(tmp_path)
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra/origin.json").write_text("{}")
    assert fingerprint_model(tmp_path) == first
    (tmp_path / "variables/variables.index").write_text("2")
    assert fingerprint_model(tmp_path) != first


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Limits file sizes: a plan fits, a shard does not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_shard_that_cannot_be_written_is_reported(
    form: str, folder: Path, tmp_path: Path, small_disk: None
) -> None:
    # Long paths make a large shard.
    output = tmp_path / "out"
    with pytest.raises(click.ClickException) as caught:
        predict(exported_model(), folder, output, "--format", form, "--top", "2")
    message = caught.value.message
    assert f"part-00000-of-00001.{form} cannot be written: File too large." in message
    assert "run the same command again to resume" in message
    assert [path.name for path in output.iterdir()] == ["_plan"]


def test_an_unknown_beam_option_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="Beam has no option --runer"):
        predict(exported_model(), folder, tmp_path / "out", "--beam-arg=--runer=FlinkRunner")


def test_the_plan_file_records_the_job(folder: Path, tmp_path: Path) -> None:
    start(tmp_path / "out", JOB, list(list_images([str(folder)])))
    assert json.loads((tmp_path / "out/_plan/plan.json").read_text()) == {
        "model": "/models/1",
        "model_sha256": "abc",
        "format": "parquet",
        "top": 1,
        "shard_size": 4,
        "files": 11,
    }
