"""What a runner of GitHub Actions does with a step, as far as the tests need it."""
