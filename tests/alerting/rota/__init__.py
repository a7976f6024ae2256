"""Tests of the rota from calendars."""
