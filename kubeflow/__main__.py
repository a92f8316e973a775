"""`python -m kubeflow`."""

from kubeflow.cli import main

if __name__ == "__main__":
    main()
