"""How an app calls the Web API: the installed app, a call, its limits, the reference of methods.

No method is here; each is in the room of what it is about.
"""
