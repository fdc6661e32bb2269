"""manifest.json: its text, its types, its published schema."""
