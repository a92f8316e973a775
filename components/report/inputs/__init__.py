"""What a page is made from, as plain values.

sources     artifacts of the run and its configuration
run_facts   facts about the run, from the driver to the executor
history     reads these facts from ML Metadata
statistics  TFDV's statistics of each split
"""
