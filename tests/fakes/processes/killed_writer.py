"""A process that runs a statement and dies by SIGKILL at its N-th operation on files."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]


class KilledWriter:
    """Forks from an interpreter that has imported everything, which makes a run quick."""

    def __enter__(self) -> "KilledWriter":
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.communicate()

    def run(self, statement: str, folder: Path, operation: int) -> bool:
        """Runs a statement; whether it was killed at that operation under the folder.

        Raises:
            AssertionError: It failed in another way.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{(statement, str(folder), operation)!r}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), statement
        return code != 0


def _run(statement: str, folder: str, last: int) -> None:
    from components.pusher.rollback import roll_back
    from components.pusher.versions import add_version

    seen = 0

    def die_at_last(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        # open, os.mkdir, os.rename, os.remove, os.rmdir, shutil.copyfile, shutil.rmtree, ...
        touches = any(folder in str(argument) for argument in arguments)
        if event.split(".")[0] in ("open", "os", "shutil") and touches:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die_at_last)
    exec(statement, {"add_version": add_version, "roll_back": roll_back})


def main() -> None:
    import components.pusher.rollback  # noqa: F401 - before the fork

    for line in sys.stdin:
        statement, folder, last = eval(line)
        child = os.fork()
        if child == 0:
            _run(statement, folder, last)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
