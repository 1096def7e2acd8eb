"""Static lists and smart lists, and their Asset API (Adobe: Lists).

Lists of named accounts are in `objects`.
"""
