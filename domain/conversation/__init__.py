"""What people may ask and change in a conversation, and what an answer may say.

No model is called here.
"""
