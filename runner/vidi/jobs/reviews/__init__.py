"""reviews.yaml: what people have said of what was made. It lies beside the job file."""
