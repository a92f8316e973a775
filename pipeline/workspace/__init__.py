"""What the commands say about a workspace that exists already.

registry.py     the models that were pushed from it, and where their versions are
models.py       `models`: their versions, which one is in service
rollback.py     `rollback`: an older version becomes the newest
runs.py         `runs`: every run, newest first
report.py       `report`: where the page of a run is
"""
