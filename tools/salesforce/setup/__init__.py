"""What an org needs from us: our package's fields and rule, their deployment, the examination.

No lead is routed, read or written here.
"""
