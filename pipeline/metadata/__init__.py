"""ML Metadata, where TFX records executions and artifacts: its URL, credentials and connection.

    config = connection_config(parse_metadata_url(text), read_login(os.environ))
    store = open_store(config)

url.py          sqlite://, postgresql://, mysql:// and grpc:// URLs, which never hold credentials
credentials.py  user and password, from environment variables or mounted secrets
connection.py   connects, and waits for a database that is starting
retries.py      repeats a transaction that failed for a moment
sqlite_file.py  a SQLite file: whether it is whole, its backup, and what is wrong with it
stores.py       MLMD's store without two bugs: letter case in MySQL, backslashes in PostgreSQL
"""
