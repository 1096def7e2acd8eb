"""A chat-completions server whose model is a script: rules in the table `openai.script`.

It knows nothing of what an app asks about; what is said about leads is in a test's script.
"""

from sandbox.openai.api import MODEL, add_key, face
from sandbox.openai.personalities import PERSONALITIES, become
from sandbox.openai.script import add_rule

__all__ = ["MODEL", "PERSONALITIES", "add_key", "add_rule", "become", "face"]
