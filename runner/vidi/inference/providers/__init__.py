"""The providers: Replicate and fal.ai, behind one interface and one guarded transport."""
