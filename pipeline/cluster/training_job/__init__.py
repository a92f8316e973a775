"""Training on several pods: what the Trainer does instead of training in its own process.

With the environment variable TRAINING_JOB set, as the compiled pipeline does on the cluster, the
Trainer node runs as ever (driver, cache, lineage), and only its executor differs: it writes what
`run_fn` takes to the pipeline root, submits a job of that many pods, shows how it goes and what its
chief logs, and deletes it at the end, whatever the end is.

executor.py       the Trainer's executor: trains here, or has a job train
settings.py       what the configuration says of it
spec.py           TRAINING_JOB: what the pods are like, in Kubernetes' own terms
call.py           the file with the call of `run_fn`, for the pods
kinds.py          TFJob and TrainJob: manifests, labels, states
cluster.py        the few calls to Kubernetes, with their errors in words
pods.py           what a pod tells of itself
job.py            submit, wait, delete
watch.py          how far a job is, and when to give it up
chief_log.py      the chief's log in our own
sign_of_life.py   has the pods end when the Trainer was killed
worker_command.py `python -m pipeline train-worker`: what runs in each pod
"""
