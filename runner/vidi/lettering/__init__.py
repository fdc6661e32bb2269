"""Text in pictures, in every script: the sandbox's prompts and a contact sheet's captions."""
