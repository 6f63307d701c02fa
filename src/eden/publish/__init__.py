"""The developer's side of a platform server: publish, release, keys. It speaks HTTP only."""
