"""Slack: the port `domain.ports.Messenger` over the Web API."""

from tools.slack.client import SlackAccess
from tools.slack.gateway import SlackGateway

__all__ = ["SlackAccess", "SlackGateway"]
