"""Programs, their members, channels and tags, and the leads that they bring (Adobe: Programs).

Smart campaigns are in `campaigns`.
"""
