"""Training on several pods: what the Trainer node does with `kubeflow.training`.

The compiled pipeline sets the environment variable TRAINING_JOB for the Trainer's task. The node is
then launched as usual (driver, cache, lineage), but its executor writes the arguments of `run_fn`
to the pipeline root, submits a job of several pods, reports its progress and its chief's log, and
deletes it at the end, also after a failure.

executor.py        the Trainer's executor: trains in this process, or submits a job
spec.py            TRAINING_JOB: kind of job, number of pods, fields of the pods
run_fn_call.py     the file with the arguments of `run_fn`, for the pods
kinds.py           TFJob and TrainJob: manifests, labels, conditions
cluster.py         the calls to the Kubernetes API, with clear errors
job.py             submits, waits, deletes
watch.py           the state of a job, and when to give up on it
pods.py            the state of a pod, and why it failed
chief_log.py       copies the chief's log to this task's log
heartbeat.py       ends the pods when the Trainer was killed
"""
