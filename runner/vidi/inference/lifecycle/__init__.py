"""The only path on which money is spent, step by step."""
