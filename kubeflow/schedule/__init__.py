"""One recurring run of a name on Kubeflow Pipelines.

command.py          `python -m kubeflow schedule`
recurring_run.py    made, replaced where something changed, paused, deleted
trigger.py          when it runs: every so often, or by
cron.py             a cron expression, in KFP's form
timezone.py         and in KFP's time zone
table.py            the list of them
"""
