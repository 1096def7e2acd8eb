"""The one way out: how planned effects are sent, confirmed and settled.

Which kinds there are is each capability's own.
"""
