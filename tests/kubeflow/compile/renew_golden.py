"""Updates the golden file: .venv/bin/python -m tests.kubeflow.compile.renew_golden.

It is what `python -m kubeflow compile configs/digits.yaml` writes, so that a change of the compiled
file shows in a review.
"""

from pathlib import Path

from tests.fakes.kubeflow.clusters import DIGITS, compile_file

GOLDEN = Path(__file__).parent / "golden" / "digits.yaml"
COMMAND = ".venv/bin/python -m tests.kubeflow.compile.renew_golden"

if __name__ == "__main__":
    compilation = compile_file(DIGITS, GOLDEN)
    print(compilation.output, end="")
    raise SystemExit(compilation.exit_code)
