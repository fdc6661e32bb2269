"""The folders of several shards, or of any runs of one job, as one folder."""
