"""Another policy on trial, on recorded leads or on some live ones; and the proof of the record.

It gives away no lead itself.
"""
