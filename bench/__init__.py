"""Measures what the bot costs: `make bench`. Nothing in the bot imports this."""
