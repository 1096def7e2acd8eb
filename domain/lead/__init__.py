"""What a lead, its trigger and its CRM records are.

Facts only: no rule reads, judges or routes here.
"""
