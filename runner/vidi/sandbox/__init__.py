"""The built-in emulation of both providers' HTTP APIs."""
