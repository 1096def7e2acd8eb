"""Cases run by the arms: trials, their record, Inspect's logs, and canaries with known answers.

Which arm is better is not decided here.
"""
