"""The set-up that every make target runs first: `.ci/find-python` and `.ci/set-up`.

Most tests stand a shell script in for Python, on a PATH that holds nothing else but the tools which
the scripts call: no interpreter of this machine decides their result. The last one sets up a small
clone for real.
"""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

Find = Callable[..., "subprocess.CompletedProcess[str]"]

TOOLS = ["awk", "cat", "cp", "dirname", "find", "flock", "grep", "head", "ls", "mkdir", "mv"]
TOOLS += ["rm", "sha256sum", "sed", "sleep", "sort", "tail", "touch", "uname"]

DF = """#!/bin/sh
echo "Filesystem 1048576-blocks Used Available Capacity Mounted on"
echo "/dev/disk1 100000 0 {free_mb} 1% /"
"""

# Answers like a Python 3.10 at its own path. As venv it makes an environment of itself; as pip it
# does what $PIP_DOES says, and notes in pip-calls when it started and ended.
STUB_PYTHON = """#!/bin/sh
case "$1 ${2:-} ${3:-}" in
    "--version "*) echo Python 3.10.99 ;;
    "-c "*import*) echo "$0" ;;
    "-m venv "*) mkdir -p "$3/bin" "$3/lib/python3.10/site-packages"; cp "$0" "$3/bin/python" ;;
    "-m pip install")
        case "$*" in
            *requirements.lock*) step=packages ;;
            *--editable*) step=project ;;
            *) step=tools ;;
        esac
        echo "start $step" >>pip-calls
        [ "${PIP_DOES:-}" != "fail in $step" ] || { echo "no matching distribution"; exit 1; }
        [ "${PIP_DOES:-}" != "hang in $step" ] || { touch .venv/half-installed; sleep 60; }
        [ "${PIP_DOES:-}" != "take its time" ] || sleep 0.3
        echo "end $step" >>pip-calls ;;
esac
"""
STUB_CALLS = ["start tools", "end tools", "start packages", "end packages"]
STUB_CALLS += ["start project", "end project"]


def write_script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a link to the tool of this machine
    path.write_text(text)
    path.chmod(0o755)
    return path


def python_like(path: Path, statement: str) -> Path:
    """Writes a Python that runs `statement` before the given program."""
    code = f"import sys; {statement}; exec(sys.argv[1])"
    return write_script(path, f'#!/bin/sh\nexec \'{sys.executable}\' -c "{code}" "$2"\n')


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The only folder on the PATH: the tools that the scripts call, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing on this machine"
        (folder / tool).symlink_to(found)
    write_script(folder / "df", DF.format(free_mb=90_000))
    return folder


@pytest.fixture
def environment(tmp_path: Path, bin_folder: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"PATH": str(bin_folder), "HOME": str(tmp_path / "home")}


@pytest.fixture
def find(environment: dict[str, str]) -> Find:
    def find(**variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [REPOSITORY / ".ci/find-python"],
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return find


@pytest.fixture
def pyenv(tmp_path: Path) -> Path:
    """Has 3.10.9 and 3.10.13, which the alphabet puts the other way round, and a 3.11."""
    for version in ("3.10.9", "3.10.13", "3.11.7"):
        stub = tmp_path / "home/.pyenv/versions" / version / "bin/python3.10"
        write_script(stub, STUB_PYTHON)
    return tmp_path / "home/.pyenv"


def test_python_variable_comes_first(find: Find, bin_folder: Path, tmp_path: Path) -> None:
    write_script(bin_folder / "python3.10", STUB_PYTHON)
    mine = write_script(tmp_path / "my python", STUB_PYTHON)
    assert find(PYTHON=str(mine)).stdout == f"{mine}\n"


def test_virtual_environment_leads_to_the_python_below_it(find: Find) -> None:
    found = find(PYTHON=sys.executable).stdout.strip()
    assert found.startswith(sys.base_prefix)
    assert Path(found).samefile(sys.executable)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.version_info = (3, 12, 1, 'final', 0)", "is Python 3.12.1, not 3.10"),
        ("sys.modules['ssl'] = None", "with a part missing: import of ssl halted"),
        ("import sysconfig; sysconfig.get_path = lambda name: '/nowhere'", "C headers"),
    ],
)
def test_unfit_python_variable_is_an_error_that_says_why(
    find: Find, tmp_path: Path, statement: str, reason: str
) -> None:
    unfit = python_like(tmp_path / "python", statement)
    result = find(PYTHON=str(unfit))
    assert (result.returncode, result.stdout) == (1, "")
    assert f"PYTHON={unfit} is not a Python 3.10 that works" in result.stderr
    assert reason in result.stderr


def test_missing_python_variable_is_an_error_even_where_another_works(
    find: Find, bin_folder: Path
) -> None:
    write_script(bin_folder / "python3.10", STUB_PYTHON)
    result = find(PYTHON="/nowhere/python")
    assert result.returncode == 1
    assert "PYTHON=/nowhere/python is not a Python 3.10 that works" in result.stderr
    assert "not found" in result.stderr


def test_path_comes_before_pyenv(find: Find, bin_folder: Path, pyenv: Path) -> None:
    on_path = write_script(bin_folder / "python3.10", STUB_PYTHON)
    assert find().stdout == f"{on_path}\n"


def test_shim_that_does_not_start_is_passed_over(find: Find, bin_folder: Path, pyenv: Path) -> None:
    shim = "#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n"
    write_script(bin_folder / "python3.10", shim)
    assert find().stdout == f"{pyenv}/versions/3.10.13/bin/python3.10\n"


def test_newest_pyenv_version_that_works_is_taken(find: Find, pyenv: Path) -> None:
    assert find().stdout == f"{pyenv}/versions/3.10.13/bin/python3.10\n"
    (pyenv / "versions/3.10.13/bin/python3.10").unlink()
    assert find().stdout == f"{pyenv}/versions/3.10.9/bin/python3.10\n"


def test_pyenv_root_is_respected(find: Find, pyenv: Path, tmp_path: Path) -> None:
    elsewhere = pyenv.rename(tmp_path / "pyenv elsewhere")
    assert find().returncode == 1
    found = find(PYENV_ROOT=str(elsewhere)).stdout
    assert found == f"{elsewhere}/versions/3.10.13/bin/python3.10\n"


def test_uv_finds_a_python(find: Find, bin_folder: Path, tmp_path: Path) -> None:
    managed = write_script(tmp_path / "managed/python3.10", STUB_PYTHON)
    write_script(bin_folder / "uv", f'#!/bin/sh\n[ "$*" = "python find 3.10" ] && echo {managed}\n')
    assert find().stdout == f"{managed}\n"


def test_uv_without_a_python_installs_one(find: Find, bin_folder: Path, tmp_path: Path) -> None:
    managed = write_script(tmp_path / "managed/python3.10", STUB_PYTHON)
    write_script(
        bin_folder / "uv",
        f"""#!/bin/sh
case "$*" in
"python install 3.10") touch '{tmp_path}/installed' ;;
"python find 3.10") [ -e '{tmp_path}/installed' ] && echo '{managed}' ;;
esac
""",
    )
    result = find()
    assert result.stdout == f"{managed}\n"
    assert "installing one with uv" in result.stderr


def test_none_found_says_how_to_get_one(find: Find, bin_folder: Path) -> None:
    write_script(bin_folder / "uv", "#!/bin/sh\nexit 2\n")
    result = find()
    assert (result.returncode, result.stdout) == (1, "")
    for help_text in ("uv python install 3.10", "pyenv install 3.10", "make run PYTHON="):
        assert help_text in result.stderr


def test_none_that_works_says_what_was_wrong(find: Find, bin_folder: Path) -> None:
    old = python_like(bin_folder / "python3.10", "sys.version_info = (3, 9, 2, 'final', 0)")
    assert f"{old}: is Python 3.9.2, not 3.10" in find().stderr


class Clone:
    """A copy of what `.ci/set-up` needs, with a lock file of its own."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        shutil.copytree(REPOSITORY / ".ci", root / ".ci")
        (root / "setup.py").write_text("# nothing\n")
        (root / "requirements.lock").write_text("tiny==1.0\n")

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Starts a set-up in a process group of its own."""
        return subprocess.Popen(
            [self.root / ".ci/set-up"],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def set_up(self, exit_status: int = 0, **variables: str) -> str:
        """Runs a set-up, checks its exit status and returns what it printed."""
        process = self.start(**variables)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == exit_status, output
        return output

    def pip_calls(self) -> list[str]:
        """Takes the notes that the stub left since the last call."""
        notes = self.root / "pip-calls"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return lines


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


@pytest.fixture
def clone(tmp_path: Path, environment: dict[str, str]) -> Clone:
    python = write_script(tmp_path / "python/python3.10", STUB_PYTHON)
    return Clone(tmp_path / "a clone", environment | {"PYTHON": str(python)})


def test_each_step_says_what_it_does(clone: Clone) -> None:
    output = clone.set_up()
    assert "Making .venv with Python 3.10.99" in output
    assert "Installing 1 packages from requirements.lock (3 to 5 minutes" in output
    assert "Installing this project into .venv, editable" in output
    assert clone.pip_calls() == STUB_CALLS


def test_second_call_is_silent_and_takes_no_time(clone: Clone) -> None:
    clone.set_up()
    clone.pip_calls()
    start = time.monotonic()
    assert clone.set_up() == ""
    assert time.monotonic() - start < 1
    assert clone.pip_calls() == []


def test_new_lock_file_rebuilds_the_environment(clone: Clone) -> None:
    clone.set_up()
    clone.pip_calls()
    (clone.root / ".venv/no-longer-locked").touch()
    (clone.root / "requirements.lock").write_text("tiny==1.1\n")
    assert "requirements.lock, the clone's place or its Python has changed" in clone.set_up()
    assert clone.pip_calls() == STUB_CALLS
    assert not (clone.root / ".venv/no-longer-locked").exists()


def test_new_setup_py_installs_only_the_project(clone: Clone) -> None:
    clone.set_up()
    clone.pip_calls()
    (clone.root / "setup.py").write_text("# something\n")
    clone.set_up()
    assert clone.pip_calls() == ["start project", "end project"]


def test_new_package_installs_only_the_project(clone: Clone) -> None:
    clone.set_up()
    clone.pip_calls()
    (clone.root / "trainer").mkdir()
    (clone.root / "trainer/__init__.py").touch()
    clone.set_up()
    assert clone.pip_calls() == ["start project", "end project"]


def test_moved_clone_is_set_up_again(clone: Clone, tmp_path: Path) -> None:
    clone.set_up()
    clone.pip_calls()
    clone.root = clone.root.rename(tmp_path / "moved")
    clone.set_up()
    assert clone.pip_calls() == STUB_CALLS


def test_environment_whose_python_vanished_is_rebuilt(clone: Clone) -> None:
    clone.set_up()
    python = clone.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3.10")
    clone.set_up()
    assert not python.is_symlink()
    assert clone.set_up() == ""


def test_environment_of_someone_else_is_used(clone: Clone) -> None:
    write_script(clone.root / ".venv/bin/python", STUB_PYTHON)
    (clone.root / ".venv/mine").touch()
    assert "Using the .venv that is here" in clone.set_up()
    assert (clone.root / ".venv/mine").exists()
    assert clone.set_up() == ""


def test_environment_of_another_python_is_rebuilt(clone: Clone) -> None:
    python_like(clone.root / ".venv/bin/python", "sys.version_info = (3, 12, 1, 'final', 0)")
    assert "Making .venv with Python 3.10.99" in clone.set_up()


@pytest.mark.parametrize("step", ["tools", "packages", "project"])
@pytest.mark.parametrize("survivor", [True, False], ids=["pip lives on", "all killed"])
def test_killed_set_up_repairs_itself(clone: Clone, step: str, survivor: bool) -> None:
    process = clone.start(PIP_DOES=f"hang in {step}")
    half_installed = clone.root / ".venv/half-installed"
    wait_for(half_installed)
    if survivor:
        process.kill()
        next_make = clone.start()
        assert next_make.stdout is not None
        assert "waiting" in next_make.stdout.readline()
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = next_make.communicate(timeout=120)
    else:
        os.killpg(process.pid, signal.SIGKILL)
        output = clone.set_up()
    if step != "project":
        assert "An earlier set-up did not finish" in output
        assert not half_installed.exists()
    assert clone.pip_calls()[-2:] == STUB_CALLS[-2:]
    assert clone.set_up() == ""


def test_failure_shows_the_end_of_the_log_and_the_next_call_tries_again(clone: Clone) -> None:
    output = clone.set_up(exit_status=1, PIP_DOES="fail in packages")
    assert "Installing failed. The end of .venv/set-up.log:\n    no matching" in output
    assert f"The whole log: {clone.root}/.venv/set-up.log" in output
    clone.set_up()
    assert clone.set_up() == ""


def test_two_at_once_install_once(clone: Clone) -> None:
    together = [clone.start(PIP_DOES="take its time") for _ in range(3)]
    outputs = [process.communicate(timeout=300)[0] for process in together]
    assert [process.returncode for process in together] == [0, 0, 0]
    assert sum("Making .venv" in output for output in outputs) == 1
    assert clone.pip_calls() == STUB_CALLS


@pytest.mark.parametrize(
    ("tool", "script", "message"),
    [
        ("df", DF.format(free_mb=900), "5000 MB of free disk space"),
        ("uname", "#!/bin/sh\necho Darwin arm64\n", "Linux on x86_64, and this is Darwin arm64"),
    ],
)
def test_unfit_machine_is_refused_before_anything_is_made(
    clone: Clone, bin_folder: Path, tool: str, script: str, message: str
) -> None:
    write_script(bin_folder / tool, script)
    assert message in clone.set_up(exit_status=1)
    assert not (clone.root / ".venv").exists()


def test_missing_compiler_is_reported_where_a_package_needs_one(clone: Clone) -> None:
    (clone.root / "requirements.lock").write_text("pyfarmhash==0.3.2\n")
    assert "apt-get install g++" in clone.set_up(exit_status=1)


def test_without_python_nothing_is_made(clone: Clone) -> None:
    del clone.environment["PYTHON"]
    assert "This project needs Python 3.10" in clone.set_up(exit_status=1)
    assert not (clone.root / ".venv").exists()


def test_the_project_installs_the_cluster_commands(tmp_path: Path) -> None:
    """As a wheel; they run anywhere, and nothing is installed under the name kubeflow."""
    build, target = tmp_path / "build", tmp_path / "target"
    for name in ("components", "pipeline", "trainer", "kubeflow"):
        shutil.copytree(REPOSITORY / name, build / name)
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, build)
    step = [str(REPOSITORY / "kubeflow/image/install-project"), str(target), sys.prefix]
    subprocess.run(step, cwd=build, check=True)
    assert not (target / "kubeflow").exists()
    here = {file.relative_to(REPOSITORY / "kubeflow") for file in _modules(REPOSITORY / "kubeflow")}
    there = target / "image_pipeline_kubeflow"
    assert here == {file.relative_to(there) for file in _modules(there)}
    (tmp_path / "config.yaml").write_text(
        "{data: {path: x}, gate: {min_accuracy: 0.9}, push: {model_name: x}}"
    )
    result = subprocess.run(
        [sys.executable, target / "bin/image-pipeline", "cluster", "compile", "config.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "config.yaml cannot be used: " in result.stderr
    assert "  kubeflow\n" in result.stderr


def _modules(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.py") if "image" not in file.relative_to(folder).parts]


def write_wheel(folder: Path, name: str) -> str:
    """Writes version 1.0 of a package with one module and returns its line for a lock file."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "answer = 42\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        record += f"{file},sha256={digest.decode().rstrip('=')},{len(text)}\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in (files | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
            wheel.writestr(file, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def write_build_backend(root: Path, wheel: Path) -> None:
    """Makes `wheel` what pip builds from `root`: setuptools would come over the network."""
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (root / "backend.py").write_text(
        f"""import shutil
def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy({str(wheel)!r}, folder) and {wheel.name!r}
"""
    )


def test_real_set_up_installs_and_checks_hashes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    clone = Clone(tmp_path / "clone", environment | offline | {"PYTHON": sys.executable})
    lock = clone.root / "requirements.lock"
    lock.write_text(write_wheel(tmp_path, "tiny"))
    write_wheel(tmp_path, "image_pipeline")
    write_build_backend(clone.root, tmp_path / "image_pipeline-1.0-py3-none-any.whl")

    clone.set_up()
    python = str(clone.root / ".venv/bin/python")
    code = "import image_pipeline, tiny; print(tiny.answer)"
    assert subprocess.check_output([python, "-c", code], text=True) == "42\n"
    start = time.monotonic()
    assert clone.set_up() == ""
    assert time.monotonic() - start < 1

    # Without its log .venv counts as someone else's and is kept: that saves making another.
    (clone.root / ".venv/set-up.log").unlink()
    lock.write_text(lock.read_text() + write_wheel(tmp_path, "changed")[:-9] + "00000000\n")
    assert "DO NOT MATCH THE HASHES" in clone.set_up(exit_status=1)
