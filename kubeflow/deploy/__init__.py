"""Puts a configuration on Kubeflow Pipelines, and runs it.

command.py          `python -m kubeflow deploy`
deployment.py       the pipeline, its version, its experiment: each made once
parameter_check.py  --param, before anything starts
package.py          a version's name follows from its content
run.py              where a run stands
follow.py           waits for its end
view.py             shows it meanwhile
outcome.py          what it came to, from metrics or logs
log.py              the tail of a task's log
"""
