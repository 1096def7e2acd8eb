"""What an outcome is worth, judged by code: the end result first, and why it fell short.

No model is asked here.
"""
