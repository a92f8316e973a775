"""One node of a run on a cluster: what the pods of Kubeflow Pipelines run.

node.py          runs a node, and writes its log and the files for KFP
node_report.py   the result of a node, as lines for its log and as a page
kfp_outputs.py   the files that KFP reads: metrics, page, metadata of outputs

training_job/    training on several pods, with `kubeflow.training`
"""
