"""Salesforce: the port `domain.ports.Crm` over REST, and what it takes to construct it."""

from tools.salesforce.client import ClientCredentials, Connection, JwtBearer, Usage
from tools.salesforce.deploying import Deployer, Step
from tools.salesforce.examination import Expected
from tools.salesforce.gateway import Gateway, Settings
from tools.salesforce.writing import Guard

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
