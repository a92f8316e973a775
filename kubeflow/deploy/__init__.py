"""Uploads a pipeline to Kubeflow Pipelines, starts a run and follows it.

command.py          `python -m kubeflow deploy`
parameter_check.py  validates --param before anything starts
package.py          the compiled pipeline, whose version is named after its content
deployment.py       creates the pipeline, its version, its experiment and runs
run.py              the state of a run
follow.py           polls a run until it ends
outcome.py          the outcome of a run
log.py              the end of a task's log
"""
