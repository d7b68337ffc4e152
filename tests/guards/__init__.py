"""Guards: what this version gives, kept, so that a change that should move nothing shows it."""
