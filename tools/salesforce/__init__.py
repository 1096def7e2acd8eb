"""Salesforce: the port `domain.ports.Crm` over REST, and what it takes to construct it.

Who owns a lead is not decided here.
"""

from tools.salesforce.connection.answers import Usage
from tools.salesforce.connection.credentials import ClientCredentials, Connection, JwtBearer
from tools.salesforce.gateway import Gateway, Settings
from tools.salesforce.setup.deployment import Deployer, Step
from tools.salesforce.setup.examination import Expected
from tools.salesforce.writes.owner_changes import Guard

__all__ = [
    "ClientCredentials",
    "Connection",
    "Deployer",
    "Expected",
    "Gateway",
    "Guard",
    "JwtBearer",
    "Settings",
    "Step",
    "Usage",
]
