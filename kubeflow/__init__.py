"""The pipeline on a cluster with Kubeflow Pipelines (KFP) 2.x: one container task per TFX node.

    image-pipeline cluster compile CONFIG.yaml -o pipeline.yaml     no cluster needed
    image-pipeline cluster deploy CONFIG.yaml --host URL            uploads it; --wait runs it
    image-pipeline cluster schedule CONFIG.yaml --cron "0 3 * * *"  runs it every night

In a clone, `python -m kubeflow` has the same commands.

Each task is `python -m pipeline node`: TFX's own launcher over a metadata store that all tasks
share, so that driver, cache, resolvers and lineage are those of a local run.

cli.py       the commands
names.py     names of the pipeline and its experiment in KFP
compile/     compiles a configuration to the file that KFP runs
client/      KFP's API, with timeouts, retries and clear errors
deploy/      uploads pipelines, starts and follows runs
schedule/    recurring runs
serving/     Kubernetes manifests of model servers
prepare_volume.py  a Job that gives a new volume to the pipeline
image/       scripts that the Dockerfile runs
rbac.yaml    the role that training on several pods needs

Installed as `image_pipeline_kubeflow`, since another project's package has the name kubeflow:
modules here import each other relatively.
"""
