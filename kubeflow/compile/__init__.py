"""A configuration to the file that Kubeflow Pipelines runs.

load.py                 the configuration, checked for what only matters on a cluster
cluster_checks.py       those checks
pipeline.py             the compiled file, put together from
  task_graph.py           which tasks there are and what each waits for, from TFX's compiler
  component.py            a task's interface and command
  parameters.py           what may differ from run to run
  container_resources.py  CPU, memory and accelerators, as every version of KFP reads them
  pod.py                  what a task's pod gets
  platform_config.py      what only Kubernetes knows of: volumes, secrets, nodes
  limits.py               sizes that KFP, Argo, Kubernetes and Linux allow
"""
