"""Salesforce: an org with leads, contacts, accounts and people, spoken to over REST and SOAP.

Nothing here knows another vendor; the native sync with Marketo is Marketo's.
"""

from sandbox.salesforce.api import face
from sandbox.salesforce.login.grants import (
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PASSWORD,
    REFRESH_TOKEN,
    RUN_AS,
    SECURITY_TOKEN,
    add_app,
)
from sandbox.salesforce.login.sessions import expire_sessions

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
