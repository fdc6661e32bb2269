"""`--fleet`: a job file planned here, and bought by workers anywhere."""
