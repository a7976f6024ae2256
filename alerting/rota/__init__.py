"""The rota from iCalendar: fetching, keeping, reading and checking the calendars of who is on call."""
