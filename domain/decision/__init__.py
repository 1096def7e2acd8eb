"""A decision with everything it depended on, and how it is computed again.

The rules themselves lie in their own rooms.
"""
