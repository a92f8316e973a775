"""What the commands exit with; `image-pipeline --help` lists them."""

SUCCEEDED = 0
FAILED = 1
WRONG_USAGE = 2
REFUSED = 3
"""The gate or the serving check refused the model."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of SIGINT, as shells count."""
