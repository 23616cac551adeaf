"""What is kept: the database, backups, exports, data files."""
