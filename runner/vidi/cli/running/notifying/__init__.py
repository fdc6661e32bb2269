"""The end of a run, told to a webhook: `notify` in vidi.toml, or VIDI_NOTIFY."""
