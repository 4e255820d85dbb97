"""Named patches: kernel functions replaced by a fixed or a deliberately broken version."""
