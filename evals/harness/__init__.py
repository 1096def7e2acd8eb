"""The product's own code around one case: its prompts, its gateway, its checks of the answer.

No outcome is judged here.
"""
