"""HTTP itself: requests and answers as values, sockets, TLS, and a proxy's tunnels.

Nothing here knows a vendor, a world or a fault.
"""
