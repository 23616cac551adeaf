"""The store on SQLite, one file per theme of the port."""
