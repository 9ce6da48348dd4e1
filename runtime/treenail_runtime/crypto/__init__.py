"""Keys, seals and opaque tokens; knows nothing of what they protect."""
