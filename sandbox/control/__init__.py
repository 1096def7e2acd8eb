"""The control API, mounted at `/_control`, and a client of it for tests and scripts.

What it changes is done elsewhere: deeds in `acts`, faults in `faults`.
"""
