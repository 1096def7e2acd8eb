"""Slack: the port `domain.ports.Messenger` over the Web API.

Who is told what, and when, is not decided here.
"""

from tools.slack.client import SlackAccess
from tools.slack.gateway import SlackGateway

__all__ = ["SlackAccess", "SlackGateway"]
