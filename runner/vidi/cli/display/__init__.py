"""All that is printed: text, tables, progress, and the JSON answer."""
