"""Templates from the providers' own documents: pure functions from JSON to a template.

`cog.py` and `queue_api.py` read what the two providers publish, `template.py` makes or refreshes a
template of it, `difference.py` says what is new. Nothing here talks to anybody.
"""
