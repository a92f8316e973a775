"""What the commands show and change in an existing workspace.

registry.py  the models that it has pushed, and the folders of their versions
models.py    `models`: their versions, their accuracy, which one is released
backup.py    `backup`: a copy of the metadata, also during a run
rollback.py  `rollback`: puts an older version as the released one
runs.py      `runs`: every run and its outcome, newest first
report.py    `report`: the path of a run's report
"""
