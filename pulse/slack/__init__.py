"""How Slack is reached."""
