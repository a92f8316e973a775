"""Single parts of the pipeline, each against what bounds it."""
