"""Running the bot: settings, logs, health, schedule, command line."""
