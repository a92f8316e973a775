"""Compiles a configuration to the file that Kubeflow Pipelines runs.

cluster_checks.py       loads a configuration, with checks that only matter on a cluster
pipeline.py             the compiled file, from these parts:
  task_graph.py           the tasks and their dependencies, from TFX's compiler
  component.py            inputs, outputs and command of a task
  parameters.py           the pipeline's parameters, which can differ from run to run
  pod.py                  resources and environment variables of a task's pod
  container_resources.py  CPU, memory and accelerators, in the fields of every version of KFP
  platform_config.py      Kubernetes settings: volumes, secrets, node selectors, tolerations
  limits.py               size limits of KFP, Argo, Kubernetes and Linux
"""
