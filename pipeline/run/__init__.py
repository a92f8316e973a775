"""A run: its folder, its events, its state and its summary. TFX is not needed for any of them.

paths.py     the workspace, and the folder of each run in it
lock.py      one run at a time in a workspace

events.py    what the worker reports to the front end, as JSON lines
failure.py   an exception -> the event that ends the run
state.py     the state of every node, from the events

outcome.py   the state at the end -> summary and exit code
summary.py   the format of `summary.json`
killed.py    the summaries of runs that were killed, from what they left
"""
