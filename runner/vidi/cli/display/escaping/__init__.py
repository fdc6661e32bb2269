"""Text escaped for where it goes: Markdown, and the commands that a CI server reads in a log."""
