"""Files that people wrote, read with places: YAML 1.2, JSON, text."""
