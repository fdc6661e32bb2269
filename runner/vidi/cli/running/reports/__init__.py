"""What a command about job files leaves for others to read: CI servers, reviewers, programs."""
