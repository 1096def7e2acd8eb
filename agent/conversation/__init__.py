"""Talking with the worker: questions answered from records, changes proposed and then decided."""
