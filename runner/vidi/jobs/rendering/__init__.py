"""Jinja2 in the strings of a job file: sandboxed, strict, bounded."""
