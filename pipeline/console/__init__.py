"""A run in the terminal: progress while it runs, then its outcome.

view.py     what both views offer
live.py     on a terminal: a line for each node, updated in place
plain.py    in a log or a pipe: a line for each change

final.py    the last lines: outcome, reasons, paths and next steps
table.py    aligned columns for a pipe or a file
stderr.py   keeps what libraries write to stderr off the terminal
"""
