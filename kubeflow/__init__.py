"""The pipeline on a cluster with Kubeflow Pipelines (KFP) 2.x: one container task per TFX node.

    python -m kubeflow compile CONFIG.yaml -o pipeline.yaml     no cluster needed
    python -m kubeflow deploy CONFIG.yaml --host URL            uploads it, and runs it
    python -m kubeflow schedule CONFIG.yaml --cron "0 3 * * *"  runs it every night

Each task is `python -m pipeline node`: TFX's own launcher over a metadata store that all tasks
share, so that driver, cache, resolvers and lineage are those of a local run.

cli.py             the commands
load.py            a configuration, checked for what only matters on a cluster
compile.py         the compiled file, put together from
  task_graph.py           which tasks there are and what each waits for, from TFX's compiler
  component.py            a task's interface and command
  parameters.py           what may differ from run to run
  container_resources.py  CPU, memory and accelerators, as every version of KFP reads them
  pod.py                  what a task's pod gets
  platform_config.py      what only Kubernetes knows of: volumes, secrets, nodes
  limits.py               sizes that KFP, Argo, Kubernetes and Linux allow
names.py           what the pipeline and its experiment are called
client.py          KFP's API, with timeouts, patience and clear errors
deploy.py          a version of one pipeline, its experiment, runs; followed by
  deploy_follow.py        where a run stands (deploy_run.py), shown (deploy_view.py)
  deploy_outcome.py       what it came to, from metrics or logs (deploy_log.py)
schedule.py        one recurring run of a name; when: schedule_cron.py, schedule_timezone.py

Not installed as a package: the name belongs to another project's. It runs from a clone.
"""
