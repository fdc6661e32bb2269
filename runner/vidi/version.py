"""The version of vidi: of the program, and of what it writes into journals and manifests."""

__version__ = "0.1.0"
