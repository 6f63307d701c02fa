"""The organisation: its workspaces, who is in them, tokens of machines, and the record of who did what."""
