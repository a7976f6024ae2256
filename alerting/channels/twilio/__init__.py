"""Twilio: text messages, receipts, answers, signed callbacks."""
