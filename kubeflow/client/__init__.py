"""KFP's API, with timeouts, retries and clear errors.

options.py     the command line options for the connection
connection.py  host, namespace and credentials
api.py         the calls: retries, pages, creating something once
kfp.py         kfp.Client, for addresses and credentials
errors.py      an error message and a hint for each failure
"""
