"""Cases that people labelled by reasoning, never by running the code that is judged on them."""
