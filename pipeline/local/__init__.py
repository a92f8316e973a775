"""A run on this machine: a light front end and a worker process with TensorFlow and TFX.

supervise.py       the front end: starts the worker, follows its events, writes the summary
worker_process.py  the worker as a child process: its pipe of events, its log, its end
signals.py         records Ctrl-C, SIGTERM and SIGHUP, so that a run shuts down cleanly
worker.py          the worker: runs every node and reports events; ends with the front end
"""
