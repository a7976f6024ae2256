"""The roles as processes: what each is wired to, and how it starts and stops."""
