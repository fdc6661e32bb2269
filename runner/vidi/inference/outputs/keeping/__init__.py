"""Assets under their names: in a folder, or in object storage."""
