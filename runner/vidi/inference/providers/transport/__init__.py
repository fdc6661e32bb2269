"""The guarded wire under both SDKs."""
