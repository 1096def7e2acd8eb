"""The signed-in connection to one org: credentials, calls, answers, and what errors mean.

What a record means is in `records`, never here.
"""
