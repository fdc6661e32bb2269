"""A fleet's job as an output folder: log.jsonl, manifest.json, report.html, for every command."""
