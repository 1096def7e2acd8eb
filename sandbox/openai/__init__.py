"""A chat-completions server whose model is a script: rules in the table `openai.script`."""

from sandbox.openai.face import MODEL, add_key, face
from sandbox.openai.personalities import PERSONALITIES, become
from sandbox.openai.script import add_rule

__all__ = ["MODEL", "PERSONALITIES", "add_key", "add_rule", "become", "face"]
