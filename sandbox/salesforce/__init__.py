"""Salesforce: an org with leads, contacts, accounts and people, spoken to over REST and SOAP."""

from sandbox.salesforce.face import face
from sandbox.salesforce.grants import (
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PASSWORD,
    REFRESH_TOKEN,
    RUN_AS,
    SECURITY_TOKEN,
    add_app,
)
from sandbox.salesforce.logins import expire_sessions

__all__ = [
    "CONSUMER_KEY",
    "CONSUMER_SECRET",
    "PASSWORD",
    "REFRESH_TOKEN",
    "RUN_AS",
    "SECURITY_TOKEN",
    "add_app",
    "expire_sessions",
    "face",
]
