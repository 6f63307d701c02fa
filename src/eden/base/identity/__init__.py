"""Who is asking, and what they may do: passwords, sessions, tokens, OpenID Connect, roles."""
