"""The frame of the HTTP API and of the console: who asks, may they, what do they get when it fails."""
