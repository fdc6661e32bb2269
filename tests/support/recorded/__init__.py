"""What the real services answered, in courses that a server on loopback plays to the command.

Written anew from exchanges that were recorded in public: bodies and headers that matter as they
were, prompts, ids, keys and addresses of media replaced, long lists cut.
"""
