"""KFP's API, with timeouts, patience and clear errors.

options.py       the options that commands share: host, credentials, namespace
connection.py    where KFP is and who asks
api.py           its calls: pages, repetitions, what may have been done already
kfp.py           kfp.Client, for addresses and credentials
errors.py        what went wrong, as a person needs it
"""
