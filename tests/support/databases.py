"""Databases for tests: a new one on a server that runs already."""

import uuid

from sqlalchemy import Engine, make_url, text

from agent.ledger.engine import open_engine


def fresh_database(server: str) -> Engine:
    """An engine of a new, empty database on a PostgreSQL server."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"t{uuid.uuid4().hex}"
    admin = open_engine(url.render_as_string(hide_password=False))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return open_engine(url.set(database=name).render_as_string(hide_password=False))
