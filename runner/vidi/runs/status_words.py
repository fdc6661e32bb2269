"""The status of an inference, in the words of the manifest."""

STATUS_WORDS = {
    "intended": "in_doubt",
    "submitted": "unfinished",
    "completed": "unfinished",
    "refused": "failed",
}
"""The journal's words as the manifest has them, where they differ."""
