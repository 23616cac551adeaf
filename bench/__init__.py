"""What the bot takes, measured: `make bench`. Nothing in the bot imports this."""
