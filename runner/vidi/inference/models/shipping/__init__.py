"""Where templates come from: folders, and the registry packed as one file."""
