"""vidi: declarative batch runs of paid generative-media models."""

__version__ = "0.1.0"
