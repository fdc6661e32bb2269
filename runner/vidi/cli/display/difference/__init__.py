"""What differs between two states of a project, as text, as Markdown and as JSON."""
