"""`vidi models update` and `pack`: the whole registry as one file, fetched and made."""
