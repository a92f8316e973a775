"""The `kubeflow` section of the configuration: how the pipeline runs on a cluster.

settings.py          the section itself, and what must not collide in a pod
resources.py         `resources`: CPU, memory, accelerators, nodes, volumes and secrets of one task
metadata.py          `metadata`: the metadata store that all tasks share
training.py          `training`: several pods that train one model
serving.py           `serving`: the model servers
kubernetes_types.py  names and quantities that Kubernetes accepts
pod_spec.py          settings as fields of a Kubernetes pod
"""
