"""The command `predict`: its output, errors and exit codes."""

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pipeline.cli.main import cli
from tests.fakes.models.pushed_model import exported_model, write_image
from tests.repository import REPOSITORY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, and between them a file that is not an image."""
    write_image(tmp_path / "a.png", "red")
    (tmp_path / "b.png").write_text("no image")
    write_image(tmp_path / "c.png", "blue")
    return tmp_path


def predict(*arguments: str | Path) -> int:
    return int(cli(["predict", *map(str, arguments)], standalone_mode=False))


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "pipeline", "predict", *map(str, arguments)]


def test_text_goes_to_stdout_and_errors_to_stderr(folder: Path) -> None:
    result = subprocess.run(
        command(exported_model(), folder),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        # As a person has it: TensorFlow looks for a GPU, and would say that there is none.
        env={name: value for name, value in os.environ.items() if not name.startswith("CUDA")},
        timeout=300,
    )
    assert result.returncode == 1
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{folder}/a.png: red ") and first.endswith(" %")
    assert second.startswith(f"{folder}/c.png: blue ")
    # No output of TensorFlow.
    assert result.stderr == (
        f"{folder}/b.png: not an image: starts with b'no image'; use JPEG, PNG, GIF or BMP\n"
        "1 of 3 files could not be classified.\n"
    )


def test_csv_has_a_row_for_every_file(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert predict(exported_model(), f"{folder}/*.png", folder / "no.png", "--csv") == 1
    shown = capfd.readouterr()
    rows = list(csv.DictReader(io.StringIO(shown.out, newline=""), strict=True))
    assert [Path(row["path"]).name for row in rows] == ["a.png", "b.png", "c.png", "no.png"]
    assert [row["label"] for row in rows] == ["red", "", "blue", ""]
    assert float(rows[0]["score"]) > 0.5
    assert rows[1]["error"].startswith("not an image: ")
    assert rows[3]["error"] == "there is no such file"
    assert shown.err == "2 of 4 files could not be classified.\n"


def test_json_of_a_workspace(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    workspace = folder / "workspace"
    (workspace / "serving/pets").mkdir(parents=True)
    (workspace / "serving/pets/7").symlink_to(exported_model())
    files = folder / "a.png", folder / "c.png"
    assert predict(workspace, *files, "--model", "pets", "--json", "--top", "2") == 0
    shown = capfd.readouterr()
    first, second = map(json.loads, shown.out.splitlines())
    assert (first["path"], first["label"]) == (str(files[0]), "red")
    assert [one["label"] for one in second["top"]] == ["blue", "red"]
    assert second["top"][0]["score"] == second["score"]
    assert shown.err == ""


def test_predictions_are_printed_while_stdin_is_open(folder: Path) -> None:
    process = subprocess.Popen(
        command(exported_model(), "-", "--json"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert process.stdin and process.stdout
    for name in ("a.png", "c.png"):
        process.stdin.write(f"{folder / name}\n")
        process.stdin.flush()
        # The other path is written only after this prediction.
        assert json.loads(process.stdout.readline())["path"] == str(folder / name)
    process.stdin.close()
    assert process.wait(300) == 0


def test_a_closed_stdout_ends_the_command_quietly(folder: Path) -> None:
    with subprocess.Popen(
        command(exported_model(), "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{folder / 'a.png'}\n".encode() * 100)
            process.stdin.flush()
        # stdin stays open: the command does not wait for it.
        assert process.wait(300) == 1
        assert process.stderr.read() == b""


def test_a_full_disk_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full, pytest.raises(click.ClickException) as caught:
        monkeypatch.setattr(sys, "stdout", full)
        predict(exported_model(), folder / "a.png")
    assert caught.value.message == "the predictions cannot be written: No space left on device."


def test_progress_is_shown_on_a_terminal(folder: Path) -> None:
    ours, theirs = os.openpty()
    paths = folder / "paths.txt"
    paths.write_text(f"{folder / 'a.png'}\n{folder / 'b.png'}\n" * 2000)
    with paths.open() as stdin, (folder / "out").open("w") as out:
        process = subprocess.Popen(
            command(exported_model(), "-"),
            stdin=stdin,
            stdout=out,
            stderr=theirs,
            cwd=REPOSITORY,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        )
        os.close(theirs)
        shown = read_terminal(ours)
        assert process.wait(300) == 1
    assert f"Loading {exported_model()}" in shown
    assert " images, " in shown and "/s" in shown and " failed" in shown
    assert shown.count("b.png: not an image: ") == 2000
    assert "2,000 of 4,000 files could not be classified." in shown
    assert (folder / "out").read_text().count("a.png: red ") == 2000


def read_terminal(descriptor: int) -> str:
    """Reads from a terminal until its other end is closed."""
    shown = b""
    # Linux reports the closed end as an error.
    with contextlib.suppress(OSError):
        while part := os.read(descriptor, 65536):
            shown += part
    os.close(descriptor)
    return shown.decode()


def test_the_workspace_defaults_to_that_of_run(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(click.UsageError, match="workspace: there is no such folder"):
        predict("a.png")
    (folder / "workspace/serving/pets").mkdir(parents=True)
    (folder / "workspace/serving/pets/7").symlink_to(exported_model())
    assert predict("a.png") == 0
    assert predict("a.png", "c.png") == 0
    assert predict("[ac].png", "c.png") == 0
    (folder / "images").mkdir()
    (folder / "a.png").rename(folder / "images/a.png")
    assert predict("images") == 0
    labels = [line.split()[1] for line in capfd.readouterr().out.splitlines()]
    assert labels == ["red", "red", "blue", "red", "blue", "blue", "red"]
    # Of several arguments, a folder that comes first is the model's.
    with pytest.raises(click.UsageError, match="images contains no SavedModel"):
        predict("images", "c.png")
    with pytest.raises(click.UsageError, match="Missing argument 'IMAGE...'"):
        predict("workspace")


def test_nothing_to_classify_is_a_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert predict(exported_model(), tmp_path) == 1
    assert capfd.readouterr().err == "There are no files to classify.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument '[MODEL_OR_WORKSPACE] IMAGE...'"),
        (["nowhere", "a.png"], "nowhere: there is no such folder."),
        (["configs", "a.png"], "configs contains no SavedModel and no versions of one."),
        (["m", "a.png", "--json", "--csv"], "--json and --csv exclude each other."),
        (["m", "a.png", "--top", "0"], "0 is not in the range 1<=x<=1000"),
        (["m", "a.png", "--batch"], "--batch needs --output, the folder for the shards."),
        (["m", "a.png", "--batch", "--output", "o", "--csv"], "choose with --format"),
        (["m", "a.png", "--output", "o"], "--output goes with --batch."),
        (["m", "a.png", "--format", "jsonl"], "--format goes with --batch."),
        (["m", "a.png", "--shard-size", "5"], "--shard-size goes with --batch."),
        (["m", "a.png", "--beam-arg", "--runner=x"], "--beam-arg goes with --batch."),
    ],
)
def test_wrong_usage_exits_2_at_once(arguments: list[str], message: str) -> None:
    result = subprocess.run(command(*arguments), capture_output=True, text=True, cwd=REPOSITORY)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_mistake_is_found_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys, pipeline.cli.main\n"
        "try: pipeline.cli.main.cli(['predict', 'nowhere', 'a.png'], standalone_mode=False)\n"
        "except pipeline.cli.main.click.UsageError: pass\n"
        "print([m for m in ('tensorflow', 'apache_beam', 'pyarrow') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert result.stdout == "[]\n", result.stderr
