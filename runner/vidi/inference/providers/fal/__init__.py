"""fal.ai: its queue, answers, history and SDK."""
