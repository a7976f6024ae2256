"""Messages over whatever Apprise can reach: e-mail, Teams, ntfy, a web hook."""
