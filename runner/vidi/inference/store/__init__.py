"""The store: what was bought, by its content, shared by clones and CI."""
