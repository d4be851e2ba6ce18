"""The bounded context of verifying one person: cases, evidence, pipeline, vision, review."""
