"""Job files in an editor: the schema of what they hold, with the models in it."""
