"""The cases a prompt is judged by: what each holds, the strict YAML files, and their reader.

How a case is run, and what its outcome is worth, is not said here.
"""
