"""What each owner of rows is asked and told, one module per owner.

Reads across owners lie in views.
"""
