"""A recurring run on Kubeflow Pipelines: one for each name.

command.py          `python -m kubeflow schedule`
recurring_run.py    creates, replaces, pauses and deletes recurring runs
trigger.py          when it runs: at an interval, or by a cron expression
cron.py             a cron expression, in KFP's form
timezone.py         the same, moved to KFP's time zone
table.py            the list of them
"""
