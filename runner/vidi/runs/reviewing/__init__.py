"""What was made, looked at by people: marked, and the marks kept beside the job file."""
