"""The pipeline: the TFX graph, its configuration, and the commands that run it.

    image-pipeline run configs/digits.yaml          the whole pipeline
    image-pipeline show-config configs/digits.yaml  every setting, defaults included

A run is two processes: a light front end, which answers at once, and a worker, which imports TFX.

    graph.py    `create_pipeline`: composes the TFX pipeline of a configuration
    nodes.py    the table of its nodes: what each does and reports

    cli/        the commands, one file each
    config/     YAML and `--set` -> a validated `PipelineConfig`
    run/        a run: its folder, lock, events, state, outcome and summary.json
    local/      runs the pipeline on this machine: front end and worker process
    console/    what a run shows on a terminal or in a log
    execution/  runs one node, in a local run or on a cluster
    metadata/   the connection to ML Metadata
    cluster/    one node as a task of Kubeflow Pipelines; training on several pods
    workspace/  models, runs, reports and rollback in an existing workspace
    predict/    predictions of a pushed model or a pretrained network
"""
