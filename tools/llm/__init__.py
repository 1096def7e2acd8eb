"""Language models behind any server that speaks OpenAI's chat completions.

What is said to a model is in `prompts`, never here. There is no gateway without a key: the
composition root leaves the model out, and everything has a way without one.
"""

from tools.llm.completions import Completion, ModelOutputError, ModelRefusedError, ToolCall, Usage
from tools.llm.gateway import LlmGateway, LlmSettings
from tools.llm.requests import Message, Tool

__all__ = [
    "Completion",
    "LlmGateway",
    "LlmSettings",
    "Message",
    "ModelOutputError",
    "ModelRefusedError",
    "Tool",
    "ToolCall",
    "Usage",
]
