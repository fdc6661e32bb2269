"""Output folders with their assets in object storage, and with their journal between runs."""
