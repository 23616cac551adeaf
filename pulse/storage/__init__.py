"""What is kept, and how: the store's port, SQLite, backups, exports, data files and catalogues."""
